"""What a tangent kernel costs in each of its two forms (``kernels``), which decides the form that is taken.

Without PyTorch, so that the planning of jobs (``costs``) can ask as well.
"""

from dataclasses import dataclass

# Of the rows of the Jacobian, the direct form holds as many columns at a time as fit in this.
WORKSPACE_MB = 200
# Rows of the kernel that the direct form computes in one product: fewer of them leave out more of what lies below the
# diagonal, more of them make larger products.
ROW_BLOCK = 256
# Costs in multiply-adds of a large product, each fitted to times on one core: a multiply-add of the many small products
# of the factored form; the passes over an entry of such a product that weight it and add it to two kernels; and a
# multiply-add of the sum over steps that forms the rows of the Jacobian.
SMALL_PRODUCT = 1.2
ENTRY_PASSES = 48.0
ROW_FORMING = 4.0


@dataclass(frozen=True)
class KernelShape:
    """Numbers on which the cost of a kernel depends.

    Attributes:
        size, inputs, classes: N, N_in, N_out.
        trials: m.
        steps: T.
        first_output: first step whose outputs count.
    """

    size: int
    inputs: int
    classes: int
    trials: int
    steps: int
    first_output: int

    @property
    def outputs(self) -> int:
        """R, rows of the kernel."""
        return (self.steps - self.first_output) * self.classes * self.trials

    @property
    def presynaptic(self) -> int:
        """Columns of W_h and W_x; the only step of a trial has no state before it, and leaves out W_h."""
        return self.inputs + (self.size if self.steps > 1 else 0)

    @property
    def factored_cost(self) -> float:
        """Multiply-adds of the factored form: products over N of the later outputs of each pair of steps.

        An entry of such a product costs ``ENTRY_PASSES`` more, since it is weighted and added to two kernels.
        """
        later = [(self.steps - max(step, self.first_output)) * self.classes * self.trials for step in range(self.steps)]
        entries = (sum(later) ** 2 + sum(rows**2 for rows in later)) / 2
        return entries * (SMALL_PRODUCT * self.size + ENTRY_PASSES)

    @property
    def direct_cost(self) -> float:
        """Multiply-adds of the direct form: half of J J', and the sum over steps that forms the rows of J."""
        entries = self.outputs * self.size * self.presynaptic
        columns = min(self.outputs, (self.outputs + ROW_BLOCK) / 2)  # of the kernel, that a row is multiplied into
        return entries * (columns + ROW_FORMING * self.steps)

    @property
    def cheaper_form(self) -> str:
        """``factored`` or ``direct``."""
        return "factored" if self.factored_cost <= self.direct_cost else "direct"
