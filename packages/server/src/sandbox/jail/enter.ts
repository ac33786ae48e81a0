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
    'rVTdb9tUFD9O4ynNBsmkjYUPscs0DTGJRhkvW8iQjRZ0g1w0tFYI8eQk7hatjYt9rTTio6nSSHWqiBce2APan4AEEsoKpG4ndc0koPSBD/HAJB',
    'hL64lOQyutSnvhOnZJqwrxwH3w8e/c3+/cc66Pz2hSesnHceAtH7wADLVAcLDg+gV+mwICnIYuEIAHv8Pt2OpUOM+j7qZnIdw2TLcPAJDrR4eF',
    'HdZbkYM7da/eJtl98N+XKwNs3sHlX+61Ms77VmyxlHgECI/prP0gGVtMxqw6S2naBwAh/no/NjenT/oFEM1vLmDz99Y8pRSbKy3LsT+16pTSVG',
    'ZdvHYHAJiehZDMeWx+G+Lt38R+sa//Ai7fDUuTT6fKf/pGD0y9AwCNt/wC2Ak8+VoYmxvJWFOonsShhq+GF0rr3YWHey83g5jO9tYkbsH+tbfS',
    'NB4TSpvPkkNt9VW/ANNX/AK03qCUxlbFLz5kSUcAoJ1BbFEyWyEeV6yRbkzncHlLMG7jG+eOB47xAeSEetPLtk6cu/jOSRlXrKKb4kcsxSsupw',
    'AAkvm1ZH4lmTfbtFCb1vALsKRSSl2m4dxcB+FLRniF3Vft7eMBL78GOiFA/d3d5B8Z+al/ojl1nWA73G7qMqOublGKJy9HcE2PxCxsLleD400S',
    'Lq1HQ+/PYDob+rTZPW8vv1zr+zlcscjjbtjnnZJXQjz+43tsXl9aZV+PlqY3/QI47XDDvp8yF1KTAVxpknjMwmfWSLj6Ads//QRnHMPUsu1Sgj',
    'trHJFqEsd9xhpmmnWt+DkLbr+eKlsBuyFee45d461EnARTdEascuOWcT/Bpco/UBb61NwYE0VTZgvXRC71zLxYlYCON43kXMn5CbyWuhXicXlt',
    'yxDE0hkgONYUq/7ucYtEEnFyCI+tsxYn+zGdmRg7epgdmeKa9nv4LGX+TzC1JiYc/1VcXrtLptqF2x/j8obPODA1ym7UxwtgH8HljYcayt+F1s',
    '/7BZhinwiHzt3D5spSbZPSIbk4MFiMI4gauhYdVDPyYDSdy8cd6Lykc3mIo2FFG8rpek7No6ySzynZIMRRRs7nVYLSClJGlIxB2t6CnCc6kpGh',
    'KxqS81kko2FNvajJQ0FQ8kTRII6YbEDVkKaqhGkuaqoxrCOdyMVt6CCdQSfSNhpWC50wrxTaLk9+XuzDzhFINzKX0EBuUEGqhrI5TckQVSsGAX',
    'r0SzrRiJyGHqKMEOjR1KxMZOhJ6zr8D2t/xyyEjrnbcvGLXTv53C79Qdd3ysVsZrVtGz+AvfWefRQAAgDgHbM9h/ld89fb3yNe1x51efP+Sfj3',
    '/P8C',
  ],
  arm64: [
    'pVVdaBxVFP5m72yybYJNm01mNWLukgoqkhRJYJOXTlpbfPChDfPgg5Cd7E46i8luMjOhTRUyVbEPeclFoVBtDZJgOg+CYC1Y0diqKNUHhyI+CN',
    '2mNY2JIisWu631mjuZpMmaguB5mDPfud93zrk/M3ds37P7I5KEVYvgHARagBpgNYyrVWsUqEiBQEUVogE3ivWmbvCJUJdY00trz6oN490b/Kol',
    'tm/UHfzJyVbhv1td6IsELAm8cZXAi8D1qdmXKgIdsZjrq3B9AteX4foScHmW9H6/Rwb7k3Pl7oufnpknkneDwLtLwPa9pL6+nHYCdfXsV85PFE',
    'm1txT4Ku/nwEe9r2pEHtePVOQtB/k+OSPyVEMt8xhKvwCaBEwktTh7Z5vbE+T+Js7mOD8hxdTyPIEXhevvlVz/caidFGpnZBYH9zyMHb07MbxF',
    'grb7LIYnE+rtpLSSS+RJXo+L/pRpkDeTMtj0LL4rca6Ivhbirg/y7/5c3DonuLshla7+zTV1yvUhTf1e3IayqFEk0BbqXR/YfH6TuPXhWv2dDe',
    'xbzhWxHldJ1JsjUW9mxya8dAO7GPLMzcbfamDnxXgGzFxe12PAhKibTCfYfWtfbmDvca6Iec7Krp/cjFPXyKY5V76uVcufpcGW59QzR7Z4e6F2',
    'tkTQMRcDu1AbGXcJ2meaXL9Itnjr680TXLoSQylZE+7fUCOb2+b2CB7jXBn7GMPiDF1T3n4IIE8scq5ABnvFTKcuct4xTyLeF1DLj0ZwNgpMTL',
    'fXswYgLov9X67z6vON7CbnSkYGGwOWqARtxsykjpuZVLNU/YLKufYlBfuNc0X0Jc7qu2Ymxf/AcDfnmtBNg4wfByZuzCbYfrj+YtTtWWp+2Z8U',
    '5+g2byfB/iFeNFtSgj8pci9gWE6oR9OANiarpSTnmsgTAeLTggO1c5VzjHNNBdpFPHOXf5CWwRaXc10jLV6LRMazZjqVBdqbUbN0TPTfdO+8cJ',
    'OmxLcj1rI5hvflhPZRkeBSVd1rJ3/gXLlu0pRYLzG/K+0oie9CrDNm6lnyr3p2IdhD9+QU58qgPto/MNpF0TZiW20DhYw+0NaXy3cFMHjpy+XR',
    'RYcMazBn27lCnmaNfM7IbkUXzej5fMGhfQY1jhiZEWcleljPOzbV6YhtWFTPZ6lOh6zCIUsf3Aoj7xgWuqiQ9RcsahUKjtAcsgojQza1HX10DQ',
    'bIFjDItIaGCofXw7xxeCW0Kj/QrT0TlKD2SMak/bkBgxYsms1ZRsYpWKNbK/9v0tEeyEcekZpqm4NYAkD8Due7wvE4gCcB7LrD+QER6H6g7lTk',
    'tCTiTy//7807nGskiNNT8mmCVtu0HcvR+9DqGEcctFqFrO7oaDXM3n5LHzTQ2mfb+L9Ws+4uwLp7ZyHEP5KNfLlCvz3UPxXiz2U19Cv4ZgVfqv',
    'APhu+REM9G1dCv4Ocq9LEK3BLGVtu8d49V3l+b9y+t026490L9Y/fpf9X+AQ==',
  ],
} as const;

export const enterProgram = (arch: 'x64' | 'arm64'): Uint8Array => inflateRawSync(Buffer.from(deflated[arch].join(''), 'base64'));
