"""Running an ONNX file on onnxruntime or OpenVINO, behind one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Tensors: TypeAlias = Mapping[str, npt.NDArray[Any]]
Run: TypeAlias = Callable[[Tensors], list[npt.NDArray[np.float32]]]


def onnx_session(path: Path, threads: int) -> Any:
    """An onnxruntime session on the CPU (or CUDA where the installed build has it)."""
    import onnxruntime  # noqa: PLC0415 - runtimes load when made

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
    there = onnxruntime.get_available_providers()
    providers = [name for name in wanted if name in there]
    return onnxruntime.InferenceSession(str(path), options, providers=providers)


def load_onnxruntime(path: Path, threads: int) -> tuple[Run, tuple[str, ...]]:
    """The model's run function, thread-safe, and the names of its inputs."""
    session = onnx_session(path, threads)
    names = tuple(one.name for one in session.get_inputs())

    def run(inputs: Tensors) -> list[npt.NDArray[np.float32]]:
        return list(session.run(None, {name: inputs[name] for name in names}))

    return run, names


def load_openvino(path: Path, threads: int) -> tuple[Run, tuple[str, ...]]:
    """The same on OpenVINO; each call takes a request of its own, so threads don't meet."""
    import openvino  # noqa: PLC0415 - runtimes load when made

    core = openvino.Core()
    hints = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    model = core.compile_model(core.read_model(str(path)), "CPU", hints)
    names = tuple(one.get_any_name() for one in model.inputs)

    def run(inputs: Tensors) -> list[npt.NDArray[np.float32]]:
        request = model.create_infer_request()
        request.infer({name: inputs[name] for name in names})
        return [np.array(tensor.data) for tensor in request.output_tensors]

    return run, names
