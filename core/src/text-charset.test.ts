import assert from "node:assert/strict";
import { decodeText } from "./text-charset.ts";

describe("text of unknown encoding", () => {
  it("is read as UTF-8, UTF-16 or Windows-1252", () => {
    assert.equal(decodeText(Buffer.from("Grüße, 漢字")), "Grüße, 漢字");
    assert.equal(decodeText(Buffer.from("Gr\u00fc\u00dfe \u0080", "latin1")), "Grüße €");
    assert.equal(decodeText(Buffer.from("Grüße aus Köln", "utf16le")), "Grüße aus Köln");
    assert.equal(decodeText(Buffer.from("Grüße aus Köln", "utf16le").swap16()), "Grüße aus Köln");
    assert.equal(decodeText(Buffer.from("\ufeff漢字", "utf16le")), "漢字");
    assert.equal(decodeText(Buffer.alloc(0)), "");
  });
});
