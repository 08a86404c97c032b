# SPDX-License-Identifier: Apache-2.0
"""Facts about the host and its processes: /proc, and bpf(2)'s time of programs."""
import ctypes
import json
import os
import platform
import subprocess
import time

PAGE = os.sysconf("SC_PAGE_SIZE")


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def cpu_ns(pid):
    """CPU time of a process so far, of all its threads that live, in nanoseconds; 0 if it is gone."""
    total = 0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            total += int(read_text(f"/proc/{pid}/task/{thread}/schedstat").split()[0])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return total


def resident_kb(pid):
    try:
        return int(read_text(f"/proc/{pid}/statm").split()[1]) * PAGE // 1024
    except (FileNotFoundError, ProcessLookupError):
        return 0


class CpuTime:
    """How busy the whole machine was since it was made, as /proc/stat counts."""

    def __init__(self):
        self.began = self._read()

    @staticmethod
    def _read():
        fields = [int(word) for word in read_text("/proc/stat").split("\n", 1)[0].split()[1:9]]
        user, nice, system, idle, iowait, irq, softirq, steal = fields
        return {"busy": user + nice + system + irq + softirq, "steal": steal, "all": sum(fields)}

    def since(self):
        now = self._read()
        elapsed = max(1, now["all"] - self.began["all"])
        hertz = os.sysconf("SC_CLK_TCK")
        return {
            "busy_seconds": (now["busy"] - self.began["busy"]) / hertz,
            "stolen_part": (now["steal"] - self.began["steal"]) / elapsed,
        }


def describe():
    """The machine in plain words, for reports."""
    model = [line.split(":", 1)[1].strip() for line in read_text("/proc/cpuinfo").splitlines()
             if line.startswith("model name")]
    memory_kb = int(read_text("/proc/meminfo").split()[1])
    return {
        "cpus": os.cpu_count(),
        "model": model[0] if model else platform.machine(),
        "memory_gib": round(memory_kb / 2**20),
        "kernel": ".".join(platform.release().split("-")[0].split(".")[:2]),
        "load_average": round(os.getloadavg()[0], 2),
    }


class ProgramTime:
    """Has the kernel measure how long eBPF programs run, until it is closed.

    BPF_ENABLE_STATS costs each run some ten nanoseconds, so it is no part of other measurements.
    """

    BPF_SYSCALL = 321  # x86-64
    BPF_ENABLE_STATS = 32

    def __init__(self):
        attributes = ctypes.create_string_buffer(128)  # all zero: BPF_STATS_RUN_TIME
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.syscall(self.BPF_SYSCALL, self.BPF_ENABLE_STATS, attributes, 4)
        if self.fd < 0:
            error = ctypes.get_errno()
            raise OSError(error, f"bpf(BPF_ENABLE_STATS): {os.strerror(error)}")

    def close(self):
        os.close(self.fd)


def program_ids(pid):
    """Programs that the links of a process run."""
    ids = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            lines = read_text(f"/proc/{pid}/fdinfo/{fd}").splitlines()
        except FileNotFoundError:
            continue
        ids.update(int(line.split()[1]) for line in lines if line.startswith("prog_id:"))
    return ids


def programs(ids):
    """Name, runs and nanoseconds of each program of these ids."""
    shown = subprocess.run(["bpftool", "--json", "prog", "show"], check=True, capture_output=True, text=True)
    return {program["id"]: {"name": program.get("name", str(program["id"])),
                            "runs": program.get("run_cnt", 0),
                            "ns": program.get("run_time_ns", 0)}
            for program in json.loads(shown.stdout) if program["id"] in ids}


def foreign_programs(own):
    """How many programs that are none of `own` look at every system call or process, too."""
    shown = subprocess.run(["bpftool", "--json", "link", "show"], capture_output=True, text=True)
    if shown.returncode != 0:
        return 0
    return sum(link.get("prog_id") not in own and link.get("type") in ("raw_tracepoint", "tracing", "perf_event")
               for link in json.loads(shown.stdout))


def wait_until(condition, seconds, step=0.02):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(step)
    return False
