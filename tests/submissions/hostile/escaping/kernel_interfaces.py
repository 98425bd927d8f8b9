"""Calls parts of the kernel where holes are found: io_uring, userfaultfd, bpf, perf, asynchronous and watching files, loaders.

double: failed
staff: `ctypes`
control: unlocked
"""

# %% double
import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
room = ctypes.create_string_buffer(256)
CALLS = {  # the arguments are empty or wrong: whoever looks at them says so, and does nothing
    "io_uring_setup": (425, 1, room),
    "io_uring_enter": (426, -1, 0, 0, 0, None, 0),
    "io_uring_register": (427, -1, 0, None, 0),
    "io_setup": (206, 0, None),
    "userfaultfd": (323, 1),
    "bpf": (321, 0, None, 0),
    "perf_event_open": (298, None, 0, -1, -1, 0),
    "inotify_init": (253,),
    "inotify_init1": (294, 0),
    "fanotify_init": (300, 0, 0),
    "name_to_handle_at": (303, -100, None, None, None, 0),
    "open_by_handle_at": (304, -1, None, 0),
    "kexec_load": (246, 0, 0, None, 1),
    "kexec_file_load": (320, -1, -1, 0, None, 0xFFFF),
    "init_module": (175, None, 0, None),
    "finit_module": (313, -1, None, 0),
    "delete_module": (176, None, 0),
    "syslog": (103, 10, None, 0),
    "quotactl": (179, -1, None, 0, None),
    "modify_ldt": (154, 0, None, 0),
    "iopl": (172, 0),
    "ioperm": (173, 0, 0, 0),
    "mbind": (237, 0, 0, 0, None, 0, 0),
    "move_pages": (279, @REFEREE@, 0, None, None, None, 0),
    "migrate_pages": (256, @REFEREE@, 0, None, None),
    "set_mempolicy": (238, 0, None, 0),
    "personality": (135, 0xFFFFFFFF),
    "map_shadow_stack": (453, 0, 0, 0),
    "lsm_set_self_attr": (460, 0, None, 0, 0),
    "statmount": (457, None, None, 0, 0),
}


def double(x):
    return x


for name, (number, *args) in CALLS.items():
    ctypes.set_errno(0)
    result = libc.syscall(number, *args)
    if result >= 0 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
        print("REACHED", name, result, os.strerror(ctypes.get_errno()))
print(os.strerror(ctypes.get_errno()))
