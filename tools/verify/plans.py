"""What each make target runs, as lists of stages."""

from __future__ import annotations

import os
import sys

from tools.verify.counts import count_build, count_command, count_ctest, count_pytest
from tools.verify.fuzzing import fuzz_targets
from tools.verify.stage import REPOSITORY, Stage

CORES = str(os.cpu_count() or 2)
# The rooms where several threads share state; their unit tests run under the thread sanitizer.
CONCURRENT_ROOMS = ("dns", "http", "metadata", "objects")
SHORT_FUZZ_RUNS = "20000"


def _build(preset: str, *targets: str) -> Stage:
    # Ninja's own progress is left out: warnings and errors are all that is worth reading.
    compile_ = ["cmake", "--build", f"build/{preset}", "--parallel", CORES]
    if targets:
        compile_ += ["--target", *targets]
    return Stage(f"build {preset}", [["cmake", "--preset", preset], [*compile_, "--", "--quiet"]], count_build)


def _pytest(
    name: str, *arguments: str, needs: tuple[str, ...] = (), environment: dict[str, str] | None = None
) -> Stage:
    command = [sys.executable, "-m", "pytest", "-q", "-n", CORES, "--dist", "loadgroup", *arguments]
    return Stage(name, [command], count_pytest, environment or {}, needs, shows_output=True)


def _ctest(name: str, folders: list[str], needs: tuple[str, ...], environment: dict[str, str] | None = None) -> Stage:
    commands = [
        [
            "ctest",
            "--test-dir",
            folder,
            "--parallel",
            CORES,
            "--output-on-failure",
            "--no-tests=error",
            "--timeout",
            "300",
        ]
        for folder in folders
    ]
    return Stage(name, commands, count_ctest, environment or {}, needs)


def build() -> list[Stage]:
    return [_build("release")]


def _tsan() -> list[Stage]:
    rooms = [room for room in CONCURRENT_ROOMS if any((REPOSITORY / "src" / room).glob("*_test.cc"))]
    options = f"suppressions={REPOSITORY}/tests/tsan.supp halt_on_error=1 second_deadlock_stack=1"
    return [
        _build("tsan", *[f"{room}_test" for room in rooms]),
        _ctest("unit tsan", [f"build/tsan/src/{room}" for room in rooms], ("build tsan",), {"TSAN_OPTIONS": options}),
    ]


def _fuzz(kind: str, amount: str) -> list[Stage]:
    run = [sys.executable, "-m", "tools.verify.fuzzing", kind, amount]
    return [
        _build("fuzz", *fuzz_targets()),
        Stage(f"fuzz {kind}", [run], count_command, needs=("build fuzz",), shows_output=True),
    ]


def test() -> list[Stage]:
    black_box = {"AEROLITH_PROTOCOL_TEST_SERVICE": str(REPOSITORY / "build/debug/tests/protocol/protocol_test_service")}
    sanitized = {"AEROLITH_BINARY": str(REPOSITORY / "build/debug/aerolith")}
    return [
        _build("release"),
        _build("debug"),
        _ctest("unit debug", ["build/debug"], ("build debug",)),
        *_tsan(),
        *_fuzz("runs", SHORT_FUZZ_RUNS),
        _pytest("black-box release", "-m", "not long", "tests", needs=("build release",), environment=black_box),
        _pytest("black-box debug", "-m", "core", "tests", needs=("build debug",), environment=sanitized),
    ]


def test_all() -> list[Stage]:
    sanitized = {"AEROLITH_BINARY": str(REPOSITORY / "build/debug/aerolith")}
    return [
        *test(),
        _pytest("black-box long", "-m", "long", "tests", needs=("build release",)),
        _pytest("black-box debug all", "-m", "not long", "tests", needs=("build debug",), environment=sanitized),
    ]


def fuzz() -> list[Stage]:
    return _fuzz("seconds", os.environ.get("FUZZ_SECONDS", "600"))


def check() -> list[Stage]:
    def python(name: str, module: str, *arguments: str, needs: tuple[str, ...] = ()) -> Stage:
        return Stage(name, [[sys.executable, "-m", module, *arguments]], count_command, needs=needs)

    return [
        python("check format", "tools.checks.format"),
        python("check dependencies", "tools.checks.dependencies"),
        python("check sizes", "tools.checks.sizes"),
        python("check names", "tools.checks.names"),
        Stage("check python", [[f"{sys.prefix}/bin/ruff", "check", "tools", "tests"]], count_command),
        python("check shell", "tools.checks.shell"),
        python("check compat", "tools.compat", "--check"),
        _build("release"),  # the generated sources that clang-tidy reads
        python("check tidy", "tools.checks.tidy", needs=("build release",)),
    ]


PLANS = {"build": build, "test": test, "test-all": test_all, "fuzz": fuzz, "check": check}
