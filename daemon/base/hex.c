/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hex.h"

#define ONE(digit, value) [digit] = (value) + 1
#define BOTH(digit, value) ONE(digit, value), ONE((digit) | 0x20, value)

/* One more than a digit's value; 0: none. */
const uint8_t hex_values[256] = {
        ONE('0', 0),
        ONE('1', 1),
        ONE('2', 2),
        ONE('3', 3),
        ONE('4', 4),
        ONE('5', 5),
        ONE('6', 6),
        ONE('7', 7),
        ONE('8', 8),
        ONE('9', 9),
        BOTH('A', 10),
        BOTH('B', 11),
        BOTH('C', 12),
        BOTH('D', 13),
        BOTH('E', 14),
        BOTH('F', 15),
};
