// The asset's chapters as a list to jump by; the one that plays is marked.
import type { Chapter } from "./page-config.ts";

/** Fills the list, and shows it when there is more than one chapter. */
export function showChapters(list: HTMLElement, video: HTMLVideoElement, chapters: readonly Chapter[]): void {
  if (chapters.length < 2) return;
  const buttons = chapters.map((chapter, index) => {
    const button = document.createElement("button");
    button.type = "button";
    const title = chapter.title === "" ? `Chapter ${String(index + 1)}` : chapter.title;
    button.textContent = `${clockOf(chapter.startSeconds)} ${title}`;
    button.addEventListener("click", () => {
      video.currentTime = chapter.startSeconds;
    });
    return button;
  });
  list.replaceChildren(
    ...buttons.map((button) => {
      const item = document.createElement("li");
      item.append(button);
      return item;
    }),
  );
  list.hidden = false;
  video.addEventListener("timeupdate", () => {
    const current = chapters.findLastIndex(({ startSeconds }) => startSeconds <= video.currentTime);
    buttons.forEach((button, index) => {
      if (index === current) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
  });
}

function clockOf(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (part: number): string => String(part).padStart(2, "0");
  return hours > 0 ? `${String(hours)}:${two(minutes)}:${two(whole % 60)}` : `${String(minutes)}:${two(whole % 60)}`;
}
