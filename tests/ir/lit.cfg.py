import os
import lit.formats

config.name = "descent-ir"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.test_source_root = os.path.dirname(__file__)
# One thread, as Descent compiles: ThreadSanitizer does not see the locks inside MLIR's shared library.
config.substitutions.append(("%descent-opt", config.descent_opt + " --mlir-disable-threading"))
config.substitutions.append(("%descent-eval", config.descent_eval))
if "ASAN_OPTIONS" in os.environ:
    config.environment["ASAN_OPTIONS"] = os.environ["ASAN_OPTIONS"]
config.environment["PATH"] = config.llvm_tools + os.pathsep + os.environ["PATH"]
