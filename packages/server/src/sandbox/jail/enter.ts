import { inflateRawSync } from 'node:zlib';

/**
 * The program that `enter.c` compiles to, for each architecture: small and static, so that it runs on every
 * Linux and in every image, and no compiler is needed to install Mayfly. Made with GCC 12:
 *
 *     gcc -Os -static -nostdlib -ffreestanding -fno-builtin -fno-pie -no-pie -fno-stack-protector
 *       -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns
 *       -Wl,--build-id=none,-z,norelro,-z,noseparate-code,-z,noexecstack -s -o enter enter.c
 *     objcopy --remove-section .comment --remove-section .note.gnu.property enter
 *
 * A test compiles it again where that compiler exists, and compares.
 */
const deflated = {
  x64: [
    'pVRNbBtFFH7r2JXjBuwiSo3Kz6iKirjEbHtpjYt2pRrNIkcCNQV6XNub1qrjjXZn5VoC4uBEyjqy4MCBCypXTkggoTSAvUmlNEaIhhwQiAOVoN',
    'TJlqRq1ZIoNAOzu47sKEJIzOXN9973vXlvZvTGkqmXfRwH7eWDl4ChFggOFjz/C4EdCghwAnpAgAD4HW5HqEPh2ogXbFuIuIbp9gEA8vzooNBl',
    '2yt6oFv32k2S3Qf/fXkywOYtXPntTivj7Lf55XLiCSABTOft+0l+OclbM6ykhg8AwoGrZ7H5sHHYL4Bofn8Gm/dai5RSbK63LMf+0pqhlEqZTf',
    'HKLQBgepYiZS5i84dwwF4Th86ewZXbkdT0c1LlL99Y3+zbAFDP+wWwRTz9RgSbW0m+icN1Xw0vlTd7i48OXmyGMJ0frKW4Jft3/sHgZJP0ff0R',
    'KyoKAPbTbor3/QI0qn4BWm+yUugCrmwL5DG3AH4Zm61wAE9apZv8H15fhLV87XR/8EggiLC5js01bK66LK+uj1ldn3j8IgCkzOsp87uU+U0X7V',
    'NGe9ejGc5NsWjYjdb9AqzIrKjaW/1Bl1VHRwWYece59NUu9reMfZxS6qVzGj3KItzuxD8zapAlnr4YxTU9ylvYXK2GJpokUt6MhT+Yw3Q+/EWz',
    'd9FefaU29Gtk0iKHvbQvOkevhwP4zx+xeXXlAXsuWm6s+QVw3v+afVcyl6TpIJ5skjhv4ZMbJFL9kMVPPMUZRzC1bLuc4E4Zh1K1FMd9yX5Ig3',
    '1T8SuW3D4nVaygXRev9LPbuZGIk5BE58QqN2EZdxOcVPmJstTHFsaZKCaZLVwTOen5RbGaAjrRNJILZefXt//QjXAAVza2DUEsnwSC+aZY9fdO',
    'WCSaiJPH8fgm+9NkP6ZzU+PPHmRHSlzTfg+fosz/OabW1JTjv4wrG7fJrNu4/RmubPmMvtkxdqP3WKmHcGXrkfrr/zQ6I/oFmHVeKXz6DjbXVy',
    '4/pHRELg3nS3EEMUPXYnk1I+dj6Vwh7kBnk84VII5GFW0kp+s5tYCySiGnZEMQRxm5UFAJSitIuaRkDOJ6i3KB6EhGhq5oSC5kkYxGNfW8Jo+E',
    'QCkQRYM4YrJhVUOaqhKmOa+pxqiOdCKXdqCDdAadTDtoVC12woJSdF1t+aviEHaOQLqRuYCGc3kFqRrK5jQlQ1StFAIY0C/oRCNyGgaIconAgK',
    'ZmZSLDQFrX4f+v/R2zDzrmbMvDx3u6+dwu/QHPd8zDbEa51sX3YW992z4JAEEAaB+zM3cDu+ZtO75Hvp695qynfwb+vf6/AQ==',
  ],
  arm64: [
    'pVVdbBRVFP5m72y7UCKl3TpVjL2bSmIMKcaUZNsXpiLEBx+g2QcfTOh0d8psbHfbmWmgaNJBjZjgQ280wWDAxtBYJr6YgCTEaMWfQHhyYoxvLA',
    'VLpRipSmwleOydzpbtUhMTz8Oc+c79vnPPPffO3NFdL+yOKQrKFsM5SDQLPcR6FOc1KxToSINBRw3iITeOStNX+YVocGGFpKw8a1aNd63yZWve',
    'tFq39yc3V4P/bvWRLzGIFPDuVQY/Bi/gVm+6BGxPJLxAhxcweIEKL1CA76fYvh+eVSH+JNLuvfLF6Rmm+DcY/HsMYter+jtLaccw3iB+ITpWYr',
    'X+XOhr/J9DH/cv1sk8XhCryrsY5vv8tMxTC32REpi/BWQUYCx1vVF8uNHrDnO/lBTTRMdiCX1xhsGPwwt2KrJOvUOZwt7UY2jY8QSGLgGZLQrO',
    'Sr3UptykuE2kTYC9L+ufmMJ3vxNpspbZpBeAPViTh4VzKRViB5T5q39TRj/lBbONXgDl1G/VayhtxCIi3TgWPl2Z90xSBESaXPtVFvenWdyfbF',
    'iDdzspLkY8a63xrU1iSo5nIaylHh4GxuT8qZImHuDmmsRZIk2ua0r1gtRadY03iY+JtEsb9MUveyCWau+eZuv8ndA7WmPYPp2AuLAhdtRjaJ/c',
    '7AUlts6v7M0Mw+UrCcyn6qI9wsNieqPXLXnvEWmjn2FI9vma9sGjAHvqJpEGFeJ1qyf9FdH2GRbzv4G+uCWGs3FgbOLrBtEEJFW5x0vzvHGrSd',
    'wh0rIqxCgwxxVkJq1s+oiVTbcotS/rRJlvOcSvRJqsS57Hj6xsmv7AUBdRRuomwI4eAcZu6M1iN7zgZtzrnmt5LRiH3sH/onYW7h+SJas1Lfnj',
    'MvcshtRm/VAPkBlV9fkUUUbmiQHJCcmB3lHmHCbK6EC7jGfv0ZkeFeLmUq5rrNVvVdjRnNWTzgHtLaibOyzr33z/vJDF0/L7kL1sSeATtTlzvs',
    'Rwuab+zeM/EmnXLZ6W/ZLru9KOeXn2ZZ+RbhSptxvFBbmH9d7xU0TagDHS1z/SybFt2LG39RezRv+23nyhM4ThS2++gE4+aNoDecfJFws8Zxby',
    'Zm49OnnWKBSKLu81uXnQzA67y9EDRsF1uMGHHdPmRiHHDT5oF/fbxsB6mAXXtNHJpayvaHO7WHSlZr9dHB50uOMaIyswRI6EYaYVNFg8UAkL5o',
    'HlUFm+pyvzfDgFd4azFu/L95u8aPNc3jazbtEeWV/5/1IOdUM9+LiyeUNLGGsG0H6X6OloPAlgK4A9d4n2yEDXQ/UnYicVGX8OwFt3idIsjPMT',
    '6kmGNsdyXNs1etHmmgddtNnFnOEaaDOtfX22MWCirddx8H+truJfj4p7ZTbCU2w1X63Sb4r0z0R4UtUjv4zvVPGVKv9I9B6L8Hhcj/wyfrFKn6',
    'jCrVGsXOb9e6r6flq7fqVCW2ll/ZP/Un/Z/gE=',
  ],
} as const;

export const enterProgram = (arch: 'x64' | 'arm64'): Uint8Array => inflateRawSync(Buffer.from(deflated[arch].join(''), 'base64'));
