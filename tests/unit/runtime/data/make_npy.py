# Makes types.npz, stored.npz, version2.npy and version3.npy with NumPy, which Descent's own tests
# must not need: python3 make_npy.py, in this folder.
import numpy as np

values = [[0, 1, 2], [3, 4, 100]]
arrays = {}
for kind in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1".split():
    for order, sign in (("le", "<"), ("be", ">")):
        typed = np.array(values).astype(sign + kind)
        if kind[0] == "f":
            typed = typed - np.array(0.5, kind)  # NumPy may change the byte order here
        if kind[0] == "i":
            typed = -typed
        typed = typed.astype(sign + kind)
        arrays[f"{kind}_{order}_c"] = typed
        arrays[f"{kind}_{order}_f"] = np.asfortranarray(typed)
arrays["half"] = np.array([1, -2, 65504, 2**-14, 2**-24, 1 / 3, np.inf, -np.inf, np.nan, -0.0], "f2")
arrays["cube"] = np.asfortranarray(np.arange(24).reshape(2, 3, 4))
arrays["scalar"] = np.array(2.5)
arrays["none"] = np.zeros((0, 3))
np.savez_compressed("types.npz", **arrays)

np.savez("stored.npz", x=np.arange(3.0), y=np.array([True, False]), text=np.array(["a", "bc"]),
         dates=np.array(["2020-01-01"], "M8[D]"), complex=np.array([1j]), big=np.array([2**63], "u8"),
         record=np.zeros(2, [("a", "f4"), ("b", "i4")]), **{"two words": np.array([7])})

for version in (2, 3):
    with open(f"version{version}.npy", "wb") as file:
        np.lib.format.write_array(file, np.array([[1.5, 2.5]]), version=(version, 0))
