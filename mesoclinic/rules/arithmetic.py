"""The only place for literal numbers in rules: units, calendar facts and rounding, decimal throughout."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

HOURS_PER_DAY = 24
MINUTES_PER_HOUR = 60
SECONDS_PER_MINUTE = 60
DAYS_PER_WEEK = 7
MONTHS_PER_YEAR = 12
PERCENT_TO_MG_PER_ML = Decimal(10)
PER_CENT = Decimal(100)
MICROLITRES_PER_ML = 1000
MICROMETRES_PER_MM = 1000
MILLIMETRES_PER_CM = 10
VOLUME_KEPT_ML = Decimal("0.001")
SPACING_STEP_CM = Decimal("0.01")
RATIO_STEP = Decimal("0.001")
PAIR = 2
BINARY = 2
LARGEST_EXPONENT = 9
YEARS_PER_CENTURY = 100
HALF_A_CENTURY = 50
# GS1: numbers of trade items, and the weights of their digits from the right (General Specifications, section 7.9)
GTIN_LENGTHS = (8, 12, 13, 14)
GTIN_WEIGHTS = (3, 1)
CHECK_MODULUS = 10


def round_to(value: Decimal, step: Decimal) -> Decimal:
    """Nearest multiple of step, halves up."""
    return (value / step).to_integral_value(ROUND_HALF_UP) * step


def round_half_up(value: Decimal) -> int:
    """Nearest whole number, halves up."""
    return int(value.to_integral_value(ROUND_HALF_UP))


def floor(value: Decimal) -> int:
    """Largest whole number not above value."""
    return int(value.to_integral_value(ROUND_FLOOR))


def ceiling(value: Decimal) -> int:
    """Smallest whole number not below value."""
    return int(value.to_integral_value(ROUND_CEILING))
