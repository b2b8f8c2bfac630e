"""The conventions in which tangent kernels are written, so that one can be turned into another.

Most wrong results about tangent kernels are results in another convention. Three are in use, and
they differ in what a depth counts, in whether the read-out has a bias, and in which parameters the
gradient is taken with respect to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Name = Literal["jacot", "neural-tangents", "yang"]


@dataclass(frozen=True)
class Convention:
    """How a fully connected network is parametrised, and what its depth counts.

    Pre-activations are h = w_std W x / sqrt(n) + b_std b with entries of W and b of variance 1, in
    every layer, the first and the read-out among them. Jacot et al. write 1 for w_std and beta for
    b_std; Yang writes sigma_w and sigma_b, and has them in the laws of the weights and biases.

    **Fields:**

    - `name`: what it is called here.
    - `unit_parameters`: gradients are with respect to W and b of variance 1, so that a layer's
      share of the kernel carries w_std^2 and b_std^2; otherwise with respect to w_std W and
      b_std b, and it does not. Biases then count even where b_std is 0: they start at zero, and
      are trained.
    - `readout_bias`: whether the last layer has a bias. Its weights have standard deviation w_std
      like all others, with Yang as well.
    - `hidden_layers`: a depth counts these, and not the layers of weights, of which there is one
      more.
    - `source`: where the convention is set.
    """

    name: Name
    unit_parameters: bool
    readout_bias: bool
    hidden_layers: bool
    source: str

    def weight_layers(self, depth: int) -> int:
        """How many layers of weights a network of this depth has."""
        return depth + 1 if self.hidden_layers else depth


JACOT = Convention("jacot", True, True, False, "arXiv 1806.07572, section 3")
NEURAL_TANGENTS = Convention(
    "neural-tangents", True, True, False, "neural_tangents.stax.Dense, parameterization='ntk'"
)
YANG = Convention("yang", False, False, True, "arXiv 1902.04760, appendix D.1")
CONVENTIONS = {one.name: one for one in (JACOT, NEURAL_TANGENTS, YANG)}
