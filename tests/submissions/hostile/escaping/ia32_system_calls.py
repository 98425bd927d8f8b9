"""Calls the kernel by the numbers of 32-bit programs (int 0x80), which a filter of 64-bit numbers does not know.

double: crashed
staff: Bad system call (SIGSYS)
control: unlocked
"""

# %% double
import ctypes
import mmap
import os
import platform


def double(x):
    return x


GETPID = 20
code = b"\x53\xb8" + GETPID.to_bytes(4, "little") + b"\xcd\x80\x5b\xc3"  # push rbx; mov eax, 20; int 0x80; pop rbx; ret
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
if platform.machine() == "x86_64" and call() == os.getpid():
    print("REACHED")
