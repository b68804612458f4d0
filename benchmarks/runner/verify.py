"""Whether results are right."""
import math


def difference(output, reference, how):
    """How far an output is from the reference, relative to it: the largest difference over the largest element, or
    (`mean`) the lengths of both as vectors. Infinite where they are not of one form, or not finite."""
    if isinstance(reference, dict):
        if not isinstance(output, dict) or output.keys() != reference.keys():
            return math.inf
        return max(difference(output[name], reference[name], how) for name in reference)
    if not isinstance(output, list) or len(output) != len(reference):
        return math.inf
    if not all(math.isfinite(x) for x in output + reference):
        return math.inf
    errors = [abs(x - y) for x, y in zip(output, reference)]
    if how == "mean":
        error, size = math.hypot(*errors[1:]), math.hypot(*reference[1:])  # the first is the length itself
    else:
        error, size = max(errors), max(abs(x) for x in reference)
    return error / size if size > 0 else error
