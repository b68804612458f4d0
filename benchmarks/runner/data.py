"""The inputs of cases, as files that are made once."""
import hashlib
import subprocess


def files_of(case, build, folder):
    """A file for each input that is an array."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for seed, (name, description) in enumerate(case.fields["inputs"].items()):
        if not isinstance(description, str) or description in case.sizes:
            continue
        sizes = [f"{size}={value}" for size, value in case.sizes.items()]
        request = [case.precision, str(seed), description] + sizes
        path = folder / (hashlib.sha256(" ".join(request).encode()).hexdigest()[:24] + ".npy")
        if not path.exists():
            partial = path.with_name("partial-" + path.name)
            subprocess.run([build / "benchmarks/bench-data", partial] + request, check=True)
            partial.rename(path)
        files[name] = path
    return files
