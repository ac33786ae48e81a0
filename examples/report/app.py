import numpy


def handler(event, context):
    """Mean, spread and percentiles of the numbers given."""
    numbers = numpy.array(event.get("numbers", [3, 1, 4, 1, 5, 9, 2, 6]), dtype=float)
    print(f"{numbers.size} numbers, {context.get_remaining_time_in_millis()} ms left")
    return {
        "count": int(numbers.size),
        "mean": float(numbers.mean()),
        "deviation": float(numbers.std()),
        "percentiles": {str(p): float(numpy.percentile(numbers, p)) for p in (50, 90, 99)},
    }
