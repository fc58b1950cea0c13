import jsQR from "jsqr";
import { expect, test } from "vitest";
import { type QrPath, qrPath } from "./qr.ts";

const fieldPx = 4;

/** The picture that a browser makes of the path, as RGBA. */
function drawn({ side, data }: QrPath) {
  const width = side * fieldPx;
  const pixels = new Uint8ClampedArray(4 * width * width).fill(255);
  for (const [, x, y, run] of data.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g))
    for (let row = Number(y) * fieldPx; row < (Number(y) + 1) * fieldPx; row++)
      for (let column = Number(x) * fieldPx; column < (Number(x) + Number(run)) * fieldPx; column++)
        pixels.fill(0, 4 * (row * width + column), 4 * (row * width + column) + 3);
  return { pixels, width };
}

test.each([
  "otpauth://totp/Farhand:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Farhand&algorithm=SHA1&digits=6&period=30",
  "otpauth://totp/Farhand:%C5%BEofie?secret=JBSWY3DPEHPK3PXP",
  "žluťoučký kůň",
  "1",
])("a scanner reads %j in the drawing", (text) => {
  const { pixels, width } = drawn(qrPath(text));
  expect(jsQR(pixels, width, width)?.data).toBe(text);
});

test("what has no room in a code is refused", () => {
  expect(qrPath("a".repeat(2_331)).side).toBe(185);
  expect(() => qrPath("a".repeat(2_332))).toThrow("holds 2331 bytes");
});
