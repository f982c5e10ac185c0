"""A checked folder → a loaded COMET model that scores batches on one device. COMET's own code throughout."""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from comet.models import load_from_checkpoint, str2model

from lp_comet.folder import ModelFolder, hyperparameters
from lp_comet.references import References

Sample = Mapping[str, str]
"""One segment by COMET's names: "src", "mt" and, where the model is to see it, "ref"."""


class Model:
    """In memory, ready to score."""

    def __init__(self, folder: ModelFolder, device: str, precision: str) -> None:
        """Raises ValueError on a checkpoint that can't be loaded safely."""
        self._device = torch.device(device)
        dtype: torch.dtype = getattr(torch, precision)
        self._model: Any = _loaded(folder).to(device=self._device, dtype=dtype).eval()
        if dtype is torch.bfloat16:  # pooling makes float32, which COMET's head turns back for float16 alone
            self._model.estimator.register_forward_pre_hook(lambda head, inputs: (inputs[0].to(dtype),))

    @property
    def references(self) -> References:
        needed = bool(self._model.requires_references())
        segments = self._model.hparams.get("input_segments", ())  # of the models that can do both
        return References(needed, needed or "ref" in segments)

    @torch.inference_mode()
    def scores(self, batch: Sequence[Sample]) -> list[float]:
        """As CometModel.predict does it, without a Trainer and its data loaders for every call."""
        inputs = self._model.prepare_for_inference(list(map(dict, batch)))
        inputs = self._model.transfer_batch_to_device(inputs, self._device, 0)
        scores: list[float] = self._model.predict_step(inputs)["scores"].tolist()
        return scores


def _loaded(folder: ModelFolder) -> Any:
    """On the CPU. A relative `pretrained_model` is looked for in the folder before the hub is asked."""
    known = hyperparameters(folder.folder)["class_identifier"]
    if known not in str2model:
        raise ValueError(f"{folder.folder}: COMET knows no {known!r}; one of {', '.join(str2model)}")
    _allow_weights_only()
    with contextlib.chdir(folder.folder):
        try:
            return load_from_checkpoint(str(folder.checkpoint))
        except pickle.UnpicklingError as error:
            raise ValueError(
                f"{folder.checkpoint}: refused: it holds more than weights and plain settings, "
                f"or is damaged: {_reason(error)}"
            ) from error


def _allow_weights_only() -> None:
    """A checkpoint is a pickle, which may run any code; torch then makes nothing but tensors and plain values.

    Lightning leaves the choice to torch, and torch leaves it to these variables.
    """
    os.environ.pop("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", None)
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"


def _reason(error: Exception) -> str:
    """Torch's own, without its advice on how to run the code all the same."""
    told = str(error).partition("\n\nCheck the documentation")[0].strip().splitlines()[-1]
    return told.strip().removeprefix("WeightsUnpickler error: ").partition(". Please")[0]
