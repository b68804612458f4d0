import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from program_test import EmulatedProgramTest, ProgramTest

config.name = "descent-programs"
config.test_format = EmulatedProgramTest() if lit_config.params.get("device") == "emulator" else ProgramTest()
config.suffixes = [".expected"]
config.test_source_root = os.path.dirname(__file__)
