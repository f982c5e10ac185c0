"""Messages that no command can be made to tell here, each with what stands for it; "…" is a gap of any words."""

from __future__ import annotations

COMET = "only in COMET's own environment: tests/plugins/lp_comet/"
VLLM = "only in vLLM's own environment: tests/plugins/lp_vllm/"
EXCUSED = {
    "…: a score is no finite number; half precisions overflow where float32 doesn't": f"{COMET}test_comet.py",
    "…: no COMET model: it lacks …": f"{COMET}test_folder.py",
    "…: no COMET model: class_identifier is missing": f"{COMET}test_folder.py",
    "…: not plain YAML: …": f"{COMET}test_folder.py",
    "…: COMET knows no …; one of …": f"{COMET}test_comet.py",
    "…: refused: it holds more than weights and plain settings, or is damaged: …": f"{COMET}test_comet.py",
    "… has no use for references; leave the option `references` at auto": f"{COMET}test_references.py",
    "… can't do without references; leave the option `references` at auto": f"{COMET}test_references.py",
    "…: vLLM can't run it: …": f"{VLLM}test_backend.py",
    "this vLLM is for …, and the run is on …": f"{VLLM}test_backend.py",
    "…: too little memory for keys and values; lower max_model_len or max_num_seqs, or raise cpu_kv_cache_gib "
    "(on a GPU gpu_memory_utilization): …": f"{VLLM}test_backend.py",
    "a prompt of … tokens and … new ones are longer than the … that the engine allows; raise max_model_len, if the "
    "model can have more, or lower max_new_tokens": f"{VLLM}test_backend.py",
    "tensor_parallel_size: … needs a core for each, and there are …": f"{VLLM}test_settings.py",
    "angular-distance knows one block of neighbouring layers at a time, and … is none; use it with the policy "
    "contiguous": "a policy that asks about others is refused before the run",
    "… has no segments to read": "an empty corpus is refused when it is read",
    "…: … hypotheses, but … references": "lists of unequal length are refused when they are handed over",
    "…: its worker has been ended already": "lp_runner asks no worker that it has ended",
    "a … has no …": "lp_runner alone names an adapter's method",
    "no replicates, so no interval": "every caller looks for replicates first",
    "…: an event's … can't be given": "only lp_runner names the fields of its events",
    "… can't name anything in the store": "keys are digests, or names that the registry has checked",
    "…: is published already": "an artefact is made under its key's lock, after a look for it",
    "…: hashes of files that aren't there: …": "the hashes are of files that were just written",
}
