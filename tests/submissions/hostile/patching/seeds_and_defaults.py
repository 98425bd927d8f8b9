"""Changes what later exercises compute with: default types, error states, warnings, global generators.

double: failed
staff: exactly half of what was expected
control: none: it gains nothing anywhere, and must disturb nobody
"""

# %% double
import random
import warnings

import numpy as np
import torch


def double(x):
    return x


np.seterr(all="raise")
np.random.seed(12345)
random.seed(12345)
torch.manual_seed(12345)
torch.set_default_dtype(torch.float16)
torch.set_grad_enabled(True)
torch.use_deterministic_algorithms(True)
warnings.simplefilter("error")
np.set_printoptions(threshold=1)
