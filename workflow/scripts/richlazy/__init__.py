"""Rich and lazy learning in recurrent networks: connectivity, training, kernels, measures, statistics.

The names in ``__all__`` are for whoever uses this as a library::

    import richlazy

    trials = richlazy.draw_trials(task, batches=1000)

Each is loaded when it is first asked for. Modules of the library and jobs of the workflow import from the modules
themselves, so that these names are no part of any result.
"""

import importlib
import sys
from typing import Any

# Public names, each with the module that has it.
_MODULES = {
    "draw_trials": "public.networks",
    "draw_probe": "public.networks",
    "initial_weights": "public.networks",
    "read_connectome": "public.connectomes",
    "train": "public.networks",
    "measure": "public.networks",
    "tangent_kernel": "public.networks",
    "plot_measures": "public.plotting",
    "plot_losses": "public.plotting",
    "TrainedNetwork": "public.networks",
    "TrainingTrials": "tasks.samples",
    "ProbeTrials": "tasks.samples",
    "Weights": "models.rate_network",
    "Dynamics": "models.rate_network",
    "leak_factor": "models.rate_network",
    "TrainingSettings": "training.settings",
    "TangentKernel": "measures.tangent_kernel",
    "MEASURES": "measures.on_probe",
    "STRUCTURES": "connectivity.base",
}
__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
