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
    'pVXfbxtFEJ5LfKnjBi4VKaR9QNeqqkCCWAYJUZPCnRTDWjojUJLCC0hn+9JYSXzhbk1iBMTBttS1ZQkkHuAB8cC/gKq0COecSEnch1L8wI8XSB',
    'BpnbpKIgGlISQLez6nTqgQEvMyO7PfNzsztzs3FVCeb+E4aEgLPAvMqoJk25Lj/4jfg4AET0MrSMCDy8Y2bTUx6votZ7OhobOuGK/t70XK8aeO',
    'Svt0Q7qP7Oe9vIqjbfDfxaEBIjdQ+ufNKrHXu75KqvdBwDyic7XfAr5KwGfNsJRmWwBA4OcHEdmZTbokkMnX/Yj8Ul2ilCKyUbVs/WN1hlIajG',
    'zJl24AAOOzEApZQuQbga+t+6xcV1umgjsQtfwDhyje9FnziFv0VVDhBS713FkkBObm5XPyoDww2I/StzpR3ovSO61THZffAYDiFZcEtV6Uf6UT',
    'ke2Ar9yXO4mEYksBXUtttU/cHxopexCdCxUU7lrteihbThyXU38+jrvq7D9cEsz+6pKg+iSl1Hdb/vITVlw3ANQz9VUUUhV4lLUm2xFdQOldKb',
    'GKFvtOuU/ybtEO9Uajqhls9+xbuzSUtZJOih5egtrHDmYCABTylUKuKuRKHSbUYcd4CdZ0SqmDTNgdbgI8wgAvsr4W3j7lbuRXTJ2WYObdg+Cn',
    'GPjE3Wh2XafZDncQGmDQ27uUKoVorRPlzW6FrITISijPhbIWPq6QxerALqUoayUOKYRD6ZI7mC65az/4LKUwIiLCofyI6LMQuZnzZMq4M7XlFT',
    '4sITonXCy3L9VuZi18wsnjGbtHGwpZV8hPAo9+/w6R+bXrdldWUP4MylLcXXyVl6C6vENpkJTYsR3szNqyfOk9lwRfsLs3yx6AXGTh5NQZEDKf',
    'sftVlnOu9oyFu3v9uAtNb7FrjQ8jWrowPXVUgtpykCvLOS5j4fZeP+aDtFTb7OWC6e8pypbxxYVpFtWLyDoqyBx69GpuoI1mKvgBdJY6kawL79',
    'uRVhdS9hNsXOjNvYrSd3aFzDD7TOk7t4TM62xVr7Lfdm63JDouT7HGv8YuxkMovX1f8XOXBDOfuiS4zL4kEvo2EdlYG9qhdExNDo0m/SJ4E6bh',
    'HdUj6qg3HIv7bdNehGNx8IvjmjEWM82YHhejWjymRT3gFyNqPK5jMayJ2qQWSeC6d0KNY1NUxYSpGY+JqvimasTU8KgmqvGoqIrjhn7eUMc8oM',
    'WxZoBfZCGGdEM0dB0z/nlDT4yboonV5J5pWyYzWdS71rg+0WzGtYm6q0F/SR5A9hGimYgMi0OxUU3UDTEaM7QI1o2kB6DHHDaxgdUw9GBtEkOP',
    'oUdVrEJP2DTh/8rhphkLTfO86tgftO7Hcwf4RxzfE47NZmFdO3ju3vyGPgYAbgBoHLM33/kDc90REf4Zr/UedTX+Iw/Dv+f/Fw==',
  ],
  arm64: [
    'rVVdaBxVGD2zd3a7+dFu6zaT/uDebX2wEpIqW9gEITeVahWFNuxD39LZZNJdTHaTmYltquBUEClB2EEhUGkbpIF2BEFoLKjoqiBCK9hBfHU3pU',
    '1sWjBSsNu0XnMns3GzRvDB72G/Oeee72e+O3vvm/tffj4gSahaAJch0DyYh5nPT4VWJWBIgoAhhKCnDaLW2Bpv+nHmary0+htas96zxldtx6a1',
    'cYdumAMh/HeL+L5EYO8B3g/KuBaA5e7KpJPXgcQ+Gfb5TDp5DuTVI5ynAMstkr6fJQQmsMzH7mK0pJw8vcS5UiZwRCzNpJMlYG84bLkMlktguT',
    'IsVwJ+ErEi5x+cKw9f/+riTSI5cwTOQwJ7/xvsveWWCohE7TucT5bIBmfB8yHnV88Hne+bRB7LDdTlrXj5vrwo8oTAKr80Y/E2kJKAQjy1xf5w',
    'o9Xr5X6wxZ7lfFIKs4qoG4TlPidZ7m6wTgrWGSji0L4d2Nz3BEYbJKS6ZzA61crux6WVXCJPPNoi+lOmQT6Iy7Cni7i2yLki+pqPWi7IP/uzcO',
    '+y0HZDWiz/yVPsvOVCOv97aSMqokaJIDX/mOUC67/fFO59ulo/1WL/wLki5lEmQWeWBJ0Lm9fRFVrsb31dZr31qy3252K9H3Zmea4ngYKoG/9x',
    'q/2vtWXF/phzRbxnUbbc+HoaptjTnCvfhWEvNLPKzebQxDwJObdIyHlRYpUGgpmYhMqCBXv5fXtvRVilTBqdnWL+BHuLQSQubLfcEml0yqTJmS',
    'Uhp7afOYIrPIzFnkZ/f6cUe3aj1Sv0p7zvsMkpkQbnFc4nGTDT8DbuvRSHXeZc6fsCo2IfZpVz24DAU9c9fdjZx/nkDQKnCMzMUdglsArjfCYI',
    'FKYTUfsUUNj99Db7BVju7aDVeyf2ljsF1llc4gmxXxuAaBgozJGQE35XsX/jXKHZeFLUmsqoydg8RuVWduIIkOqW2WKc89Q0pIkAEJ0WGrDOqu',
    'Yk5ykGJARffsAvURl2WzaeLJO40yNJEzszR5JpIBHDIwtfS0hVZyRmVp1Td5YmxQzEvGJhfCK3pj4rEVzZEHnntMu5sjNLk5Dhfcc8gUXx3xCz',
    'xIWoHX8Qtb8R+xixTn/EuTKsjg8OjXdRdIwZesdQvl8d6khnc10e9B7S2Ry66IimD2cNI5vP0QEtl9UGGtFF+9VcLm/StEa141r/mLnCHlNzpk',
    'FVOmZoehtV6WuqnlXTQxpVcwNUpSN6/qiuDjdCy5maji4qUgzmdarn86aIP6rnx0YMapjq+Cr0kCGgyPo3Gskfq4U57dgKVQ0/2JM64JWgxlh/',
    'hg5mhzSa1+lAVtf6zbw+3lh7TkoneiEff1za3hzzuFYAV+9z/mzNedq2fE7fvc/5Hp+L+qd9ZInzg4LoeTRyJnBWEvxhAAeWOD9MPJ6ekc8StB',
    'sZw9RNNY12Uztuol3PD6iminYt0zeoq8Ma2tOGgf/DmmruGtTca/PV+0Veq6+D2OTHP1NdDzLf+/OS1uqlOr/Vfw74OBxivl/BQ3X1wnV4l88R',
    '1N+T9ffj+v1LNbG1Vo1/Euv3X7W/AA==',
  ],
} as const;

export const enterProgram = (arch: 'x64' | 'arm64'): Uint8Array => inflateRawSync(Buffer.from(deflated[arch].join(''), 'base64'));
