"""Every benchmark after the other, each in a process of its own: tables on the screen, results/*.json.

python -m benchmarks [NAME...] [--quick]
"""

import argparse
import subprocess
import sys
import time

NAMES = {
    "weak_evaluation": "one evaluation and its gradient against quad, quadax and NumPy panels",
    "hot_program": "where the time of one weak evaluation goes, kernel by kernel",
    "pareto_front": "a 30-point front against SciPy on panels and NSGA-II",
    "exact_steady_state": "the exact steady state against the frequency-domain Floquet form; its growth",
    "floquet_spectra": "exact spectra at 4,096 frequencies against the dense equations",
    "limit_cycle": "the exact steady state against integration in time and a Markovian master equation",
    "scaling": "time and memory as the work grows",
    "throughput": "machines and gradients per second against the batch; how near the device's limits",
    "start_up": "cold and warm starts of the command line",
    "spectral_fits": "fits of random spectral densities: failures, passivity, error against noise",
    "fitted_machines": "currents beside those of the true density; cost against the number of poles",
    "scan_map": "a map from configuration to file and figure",
    "sharing": "a map by two workers against one process; what a scheduler can feed, with 200 slow workers",
    "converter_precision": "search and certificates of the precise work converter",
}


def main() -> None:
    """Exit status 1 if any benchmark failed."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="\n".join(f"  {name:20} {what}" for name, what in NAMES.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="all by default")
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing stored")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        parser.error(f"a benchmark must be one of {', '.join(NAMES)}, but '{unknown[0]}' was given")
    failed = []
    for name in options.names or NAMES:
        print(f"== {name}: {NAMES[name]}", flush=True)
        begin = time.perf_counter()
        command = [sys.executable, "-m", f"benchmarks.{name}", *(["--quick"] if options.quick else [])]
        if subprocess.run(command, check=False).returncode != 0:
            failed.append(name)
        print(f"== {name}: {time.perf_counter() - begin:.0f} s\n", flush=True)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
