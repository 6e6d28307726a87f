import assert from "node:assert/strict";
import { assTokens } from "./text-ass.ts";
import { cueText } from "./text-markup.ts";
import { taggedTokens } from "./text-tagged.ts";

function tagged(text: string): string {
  return cueText(taggedTokens(text));
}

function ass(text: string, comments = true): string {
  return cueText(assTokens(`0,0,Default,,0,0,0,,${text}`, comments));
}

describe("text with tags, as WebVTT", () => {
  it("keeps what WebVTT knows, and closes it", () => {
    assert.equal(tagged("<b>one <I>two</b> three"), "<b>one <i>two</i></b><i> three</i>");
    assert.equal(tagged("<v.loud Ann & Bob>Hi</v>"), "<v.loud Ann &amp; Bob>Hi</v>");
    assert.equal(
      tagged("<c.yellow.bg_blue>x</c> <lang en-GB>colour</lang>"),
      tagged("<c.yellow.bg_blue>x</c> <lang en-GB>colour</lang>"),
    );
    assert.equal(tagged("<ruby>漢<rt>kan</rt></ruby>"), "<ruby>漢<rt>kan</rt></ruby>");
    assert.equal(tagged("<strong>a</strong><br/><em>b</em>"), "<b>a</b>\n<i>b</i>");
  });

  it("leaves out every other tag, and what nobody is to read", () => {
    assert.equal(tagged('<font color="#ff0000">red</font> <img src=x onerror=alert(1)>'), "red");
    assert.equal(tagged("a<script>alert('<b>x</b>')</script>b<style>p{}</style>c"), "abc");
    assert.equal(tagged("a<script>alert(1)"), "a");
    assert.equal(tagged("{\\an8}up <00:00:01.500>there"), "up there");
    assert.equal(tagged("<v>nobody</v>"), "nobody");
  });

  it("takes the rest for text, and nothing in it ends the cue or begins another", () => {
    assert.equal(tagged("1 < 2 > 1 & <3"), "1 &lt; 2 &gt; 1 &amp; &lt;3");
    assert.equal(tagged("00:00:01.000 --> 00:00:09.000"), "00:00:01.000 --&gt; 00:00:09.000");
    assert.equal(tagged("a\r\n\r\n \t\nb\n\n"), "a\nb");
    assert.equal(tagged("bell\u0007 null\u0000 half\ud800 \ufeffmark"), "bell null half\ufffd mark");
  });

  it("reads character references, and writes only those that it must", () => {
    assert.equal(tagged("AT&amp;T &lt;b&gt; &quot;&#8364;&#x41;&quot;"), 'AT&amp;T &lt;b&gt; "€A"');
    assert.equal(tagged("&bogus; &constructor; &#xffffff;"), "&amp;bogus; &amp;constructor;");
  });

  it("is empty when there is nothing to be read", () => {
    for (const text of ["", " \n ", "<b></b>", "<i> </i>&nbsp;"]) assert.equal(tagged(text), "");
  });

  it("takes hostile text in its stride", () => {
    assert.ok(tagged("<b>".repeat(20_000) + "x").startsWith("<b>".repeat(16) + "x"));
    for (const text of ["<b.a".repeat(16_000), "<".repeat(64_000), "&a".repeat(32_000), "{\\".repeat(32_000)]) {
      const startedAtMs = performance.now();
      tagged(text);
      assert.ok(performance.now() - startedAtMs < 2_000);
    }
  });
});

describe("events of ASS, as WebVTT", () => {
  it("keep weight, slant, underline and lines", () => {
    assert.equal(
      ass("{\\b1}bold{\\b0}, {\\i1\\u1}both{\\r} plain\\Nnext\\hline"),
      "<b>bold</b>, <i><u>both</u></i> plain\nnext\u00a0line",
    );
    assert.equal(ass("{\\b700}heavy{\\b400} light"), "<b>heavy</b> light");
  });

  it("lose positions, colours, remarks and drawings", () => {
    assert.equal(ass("{\\pos(10,20)\\c&HFF&\\bord2\\blur1\\t(0,100,\\b1)}sign{a remark}"), "sign");
    assert.equal(ass("{\\p1}m 0 0 l 10 10{\\p0}shown"), "shown");
    assert.equal(ass("{\\p1}m 0 0 l 10 10"), "");
  });

  it("keep braces that ffmpeg took from another format", () => {
    assert.equal(ass("{sings} \\{la\\}", false), "{sings} {la}");
  });

  it("have no text when they are no events", () => {
    assert.equal(cueText(assTokens("just text, without fields", true)), "");
  });
});
