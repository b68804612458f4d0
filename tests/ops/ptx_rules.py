"""What the code for a GPU must not have, though assemblers take it."""

import re

FORBIDDEN = {
    r"\.(approx|ftz|full)\b": "arithmetic that is not IEEE 754's",
    r"\bactivemask\b|\b(shfl|vote|match)\.(?!sync)": "an operation of whichever lanes happen to be there",
    r"\b(shfl\.sync|bar\.warp\.sync)\b(?![^;]*(\s|,)(-1|0xffffffff);)": "an operation of some lanes of a warp",
    r"\b(bar|barrier)(\.cta)?\.sync(?!\s+0;)": "a barrier of some threads of a block",
    r"\b(atom|red)\b[^;]*\.(f16|bf16|f32|f64)": "an addition of floats in any order",
    r"\.extern\b": "a call of something that is not there",
}


def broken_rule(ptx):
    """Which rule a program breaks, and where; None if it breaks none."""
    for pattern, what in FORBIDDEN.items():
        if found := re.search(pattern, ptx):
            return f"{what}: {ptx[ptx.rfind(chr(10), 0, found.start()) + 1:ptx.find(chr(10), found.end())].strip()}"
    return unordered_load(ptx)


def unordered_load(ptx):
    """Loads that need not see what others wrote (ld.global.nc) are of inputs and of tables alone."""
    kernel = ptx[ptx.index(".entry descent_program"):]
    kernel = kernel[:kernel.index("\n}")]
    sources = {}
    for line in re.finditer(r"^\s+(?:@!?%p\d+ )?([\w.]+)\s+(%rd\d+), ([^;]*);", kernel, re.MULTILINE):
        operation, to, operands = line.groups()
        if operation.startswith("ld.param"):
            sources.setdefault(to, set()).add(operands)
        elif not operation.startswith("ld."):
            sources.setdefault(to, set()).update(re.findall(r"%rd\d+", operands))
    # Those of compiler/gpu/Gpu.h: the mailbox, the state; the inputs; the blocks' memory, its size, the arena.
    count = len(re.findall(r"descent_program_param_\d+[,\n]", kernel[:kernel.index("{")]))
    written = {f"[descent_program_param_{i}]" for i in (0, 1, count - 3, count - 1)}
    for base in sorted(set(re.findall(r"ld\.global\.nc[^\[]*\[(%rd\d+)", kernel))):
        seen, todo = set(), [base]
        while todo:
            register = todo.pop()
            if register not in seen:
                seen.add(register)
                todo += sources.get(register, ())
        if seen & written:
            return f"a load that need not see what the kernel wrote: [{base}] is of {', '.join(seen & written)}"
    return None


def check_rules(ptx):
    """Each rule finds what it is for, in a program that has it: a training, f32."""
    assert broken_rule(ptx) is None, broken_rule(ptx)
    for good, bad in (("div.rn.f32", "div.approx.f32"), ("add.rn.f32", "add.rn.ftz.f32"), ("31, -1;", "31, %r1;"), ("shfl.sync.bfly", "shfl.bfly"),
                      ("bar.sync \t0;", "bar.sync \t0, 64;"), ("bar.sync \t0;", "bar.sync \t1;"), ("atom.add.u64", "atom.add.f64"),
                      (".visible .entry", ".extern .func f;\n.visible .entry"), ("ld.global.b", "ld.global.nc.b")):
        assert good in ptx, good
        assert broken_rule(ptx.replace(good, bad)), bad
