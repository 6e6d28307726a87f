// Chromium as the browser tests use it, and what they do with the video element of a page.
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";

const flags = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"],
];

export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });
}

export async function playsPast(page: Page, seconds: number): Promise<void> {
  await page.waitForFunction((past) => document.querySelector("video")!.currentTime > past, seconds);
}

export async function seek(page: Page, seconds: number): Promise<void> {
  await page.evaluate((to) => {
    document.querySelector("video")!.currentTime = to;
  }, seconds);
}
