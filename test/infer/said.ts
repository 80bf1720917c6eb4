/** What PNG files say of themselves, as libvips reads them. */
import sharp from 'sharp';

export async function said(png: Uint8Array) {
  const { comments = [], xmp } = await sharp(png).metadata();
  const texts = Object.fromEntries(comments.map(({ keyword, text }) => [keyword, text]));
  return { statement: texts.Description, software: texts.Software, xmp: xmp?.toString() };
}
