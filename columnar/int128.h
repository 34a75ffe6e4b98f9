// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_INT128_H_
#define THALWEG_COLUMNAR_INT128_H_

namespace thalweg::columnar {

// Two's complement, 16 bytes, little-endian in memory. Holds every DECIMAL of up to 38 digits.
__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_INT128_H_
