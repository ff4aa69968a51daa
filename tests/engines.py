"""The engines of training: what computes loss and gradient of a batch."""

import pytest

from richlazy.compiled import library
from richlazy.compiled.backpropagation import CompiledBackpropagation
from richlazy.models.backpropagation import Backpropagation


def problem_of_compiled():
    """Why there are no compiled passes here, None where there are."""
    try:
        library.passes()
    except ValueError as error:
        return str(error)
    return None


PROBLEM = problem_of_compiled()
needs_compiled = pytest.mark.skipif(PROBLEM is not None, reason=str(PROBLEM))
ENGINES = {"torch": Backpropagation, "compiled": CompiledBackpropagation}
