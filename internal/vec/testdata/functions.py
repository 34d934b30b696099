"""Writes exp.txt here and log.txt for package tsne: values of the exponential
and the natural logarithm as the sum of two float64, hi + lo, where hi is the
value rounded to nearest. Made with Python 3.11.7 and mpmath 1.3.0:

    python3 functions.py exp > exp.txt
    python3 functions.py log > ../../../tsne/testdata/log.txt

sha256:

    d67bd5f057a2fe698bbdbc45563234f1292ecaf444f9c2577c15ba717ab68623  exp.txt
    fde83f740d70de23c2ea0e6c1b92a00058e6784bbffef3b88d9f06c88479ec6a  log.txt
"""

import fractions
import math
import random
import sys

import mpmath

mpmath.mp.prec = 300


def exponents():
    rng = random.Random(13)
    yield from (0.0, -0.0, 1.0, -1.0, 5e-324, 709.78, -745.13, -708.4, -708.3, -700.0, 700.0)
    for scale in (1e-300, 1e-17, 1e-9, 1e-3, 0.3, 1, 5, 30):
        for _ in range(25):
            yield rng.uniform(-scale, scale)
    for _ in range(100):
        yield rng.uniform(-700, 700)
    for _ in range(20):  # subnormal results
        yield rng.uniform(-745.13, -708.4)
    for k in range(-1000, 1000, 37):  # around the places where the reduction changes
        middle = float((k + 0.5) * mpmath.log(2))
        yield middle
        yield math.nextafter(middle, math.inf)
        yield math.nextafter(middle, -math.inf)


def arguments():
    rng = random.Random(14)
    yield from (1.0, 0.5, 2.0, 5e-324, 1e-310, 2.2250738585072014e-308, sys.float_info.max)
    for x in (1.0, math.sqrt(0.5), math.sqrt(2), 2.0, 0.75, 1.5):
        for away in (0, 1e-16, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1e-2):
            yield x * (1 + away)
            yield x * (1 - away)
    for _ in range(250):
        yield math.ldexp(rng.uniform(0.5, 1), rng.randrange(-1000, 1000))
    for _ in range(100):
        yield math.exp(rng.uniform(-1, 1))
    for _ in range(50):
        yield float(rng.randrange(1, 1000))


def exact(y):
    sign, mantissa, exponent, _ = y._mpf_
    return (-1) ** sign * fractions.Fraction(mantissa) * fractions.Fraction(2) ** exponent


name = sys.argv[1]
f = {"exp": mpmath.exp, "log": mpmath.log}[name]
print(f"# x, and {name}(x) as hi + lo; by internal/vec/testdata/functions.py")
for x in {"exp": exponents, "log": arguments}[name]():
    y = exact(f(mpmath.mpf(x)))
    hi = float(y)
    print(x.hex(), hi.hex(), float(y - fractions.Fraction(hi)).hex())
