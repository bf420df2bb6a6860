"""Settings of the process that make it fast, and where it computes."""

import ctypes
import platform
import sys

import numpy as np
import torch


def prepare_machine() -> torch.device:
    torch.set_flush_denormal(True)
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        # Large buffers are otherwise returned to the system and faulted in again every step: a sixth of its time.
        trim_threshold, top_pad, mmap_max = -1, -2, -4
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(mmap_max, 0)
        libc.mallopt(trim_threshold, 2**31 - 1)
        libc.mallopt(top_pad, 100 * 2**20)
    if torch.cuda.is_available():
        torch.backends.cuda.matmul.allow_tf32 = True
        return torch.device("cuda")
    return torch.device("cpu")


def to_device(array: np.ndarray, device: torch.device) -> torch.Tensor:
    """The array on the device. To a GPU it is copied from pinned memory: the host goes on to what the GPU does next."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor
