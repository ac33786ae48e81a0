import sharp from 'sharp';

/** Makes a small PNG of the picture given as base64; without one, of a picture drawn here. */
export const handler = async ({ picture, width = 120 } = {}) => {
  const source =
    picture === undefined
      ? sharp({ create: { width: 1200, height: 800, channels: 3, background: '#4a90d9' } }).png()
      : sharp(Buffer.from(picture, 'base64'));
  const { data, info } = await sharp(await source.toBuffer()).resize({ width }).png().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, bytes: info.size, thumbnail: data.toString('base64') };
};
