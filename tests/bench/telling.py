"""What a bench found, as `run` prints and keeps it: each time as a ratio to the floor of the same run."""

import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence


def told(
    times: Mapping[str, Sequence[float]],
    *,
    floor: str,
    count: int,
    counted: str,
    measured_on: str,
    repetitions: int,
    remarks: Sequence[str] = (),
) -> dict:
    """Return the seconds of each contender, by name, with what they were measured on; a floor that swings voids all."""
    floors = times[floor]
    is_void = max(floors) > 2 * min(floors)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return {
        "database": measured_on,
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
        "counted": f"{count:,} {counted}",
        "repetitions": repetitions,
        "rows": [
            {
                "name": name,
                "median": statistics.median(runs),
                "min": min(runs),
                "max": max(runs),
                "ratio": statistics.median(runs) / statistics.median(floors),
                "rate": count / statistics.median(runs),
            }
            for name, runs in times.items()
        ],
        "remarks": [*remarks, *(["Void: the floor's slowest run took over twice its quickest."] if is_void else [])],
    }


def server(connection) -> str:
    """Return the database behind a connection with its version, as "postgresql 15.20"."""
    return f"{connection.vendor} {'.'.join(map(str, connection.get_database_version()))}"
