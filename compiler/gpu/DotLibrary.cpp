// Products that are so large that the device's library is worth leaving the kernel for.
#include "compiler/gpu/DotLibrary.h"
#include "compiler/gpu/Host.h"
#include "compiler/gpu/Steps.h"

#include "compiler/dialect/Precision.h"
#include "compiler/kernel/Classify.h"

namespace descent::gpu {

using device::Product;
using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;

namespace {

/// Elements of memory between neighbours along each dimension; `array` is where they are.
struct Strided {
  mlir::Value array;
  SmallVector<int64_t, 4> strides;
};

std::optional<Strided> stridedIn(const cpu::FunctionEmission &f, mlir::Value value) {
  if (kernel::isRegister(value))
    return std::nullopt;
  if (auto transpose = value.getDefiningOp<ir::TransposeOp>(); transpose && !f.isInMemory(value)) {
    std::optional<Strided> of = stridedIn(f, transpose.getX());
    if (!of)
      return std::nullopt;
    Strided turned{of->array, {}};
    for (int64_t from : transpose.getPermutation())
      turned.strides.push_back(of->strides[size_t(from)]);
    return turned;
  }
  kernel::Place::Kind kind = f.placeOf(value).kind;
  if (kind == kernel::Place::Kind::Inline || kind == kernel::Place::Kind::Row ||
      kind == kernel::Place::Kind::Frame || kind == kernel::Place::Kind::Table)
    return std::nullopt;
  Strided rows{value, {}};
  ArrayRef<int64_t> shape = tensorType(value).getShape();
  rows.strides.assign(shape.size(), 1);
  for (size_t dim = shape.size(); dim-- > 1;)
    rows.strides[dim - 1] = rows.strides[dim] * shape[dim];
  return rows;
}

/// The stride of several dimensions as one, the last running fastest; 0 where there is one index,
/// nothing where they are no one dimension in memory.
std::optional<int64_t> strideOf(const Strided &of, ArrayRef<int64_t> shape,
                                ArrayRef<int64_t> dims) {
  int64_t stride = 0, next = 0;
  for (int64_t dim : llvm::reverse(dims)) {
    int64_t size = shape[size_t(dim)], here = of.strides[size_t(dim)];
    if (size == 1)
      continue;
    if (stride && here != next)
      return std::nullopt;
    if (!stride)
      stride = here;
    next = here * size;
  }
  return stride;
}

std::optional<Product::Side> sideOf(const Strided &of, ArrayRef<int64_t> shape,
                                    ArrayRef<int64_t> batch, ArrayRef<int64_t> rows,
                                    ArrayRef<int64_t> terms, int64_t rowCount, int64_t termCount) {
  std::optional<int64_t> ofBatch = strideOf(of, shape, batch), ofRows = strideOf(of, shape, rows),
                         ofTerms = strideOf(of, shape, terms);
  if (!ofBatch || !ofRows || !ofTerms)
    return std::nullopt;
  Product::Side side;
  side.batchStride = *ofBatch;
  // A dimension of one index has any stride.
  bool termsInner = termCount == 1 ? *ofRows != 1 : *ofTerms == 1;
  if (!termsInner && rowCount > 1 && *ofRows != 1)
    return std::nullopt;
  side.termsInner = termsInner;
  int64_t inner = termsInner ? termCount : rowCount;
  side.stride = std::max(inner, termsInner ? *ofRows : *ofTerms);
  return side;
}

std::optional<LibraryProduct> find(const ProgramEmission &p, ir::DotOp op) {
  kernel::DotShape shape = kernel::dotShape(op);
  mlir::Type element = tensorType(op.getResult()).getElementType();
  LibraryProduct found;
  found.result = op.getResult();
  Product &product = found.product;
  product.batch = shape.batch;
  product.m = shape.m;
  product.n = shape.n;
  product.k = shape.k;
  // Matrices: vectors are read faster than anything else can begin.
  int64_t least = std::min({shape.m, shape.n, shape.k});
  if (p.libraryWork == 0 || least < 2 || product.multiplications() < p.libraryWork ||
      !(element.isF32() || element.isF64()) || p.isInFrame(op.getResult()))
    return std::nullopt;
  product.element = element.isF32() ? Product::Element::F32 : Product::Element::F64;
  if (element.isF32() && p.hasTensorCores)
    switch (ir::productPrecision(op->getParentOfType<mlir::ModuleOp>())) {
    case ir::ProductPrecision::Full:
      break;
    case ir::ProductPrecision::Tf32:
      product.rounding = Product::Rounding::Tf32;
      break;
    case ir::ProductPrecision::Bf16:
      product.rounding = Product::Rounding::Bf16;
      break;
    }
  auto side = [&](mlir::Value value, ArrayRef<int64_t> batch, ArrayRef<int64_t> rows,
                  ArrayRef<int64_t> terms, int64_t rowCount,
                  mlir::Value &array) -> std::optional<Product::Side> {
    std::optional<Strided> of = stridedIn(p.f, value);
    if (!of)
      return std::nullopt;
    array = of->array;
    return sideOf(*of, tensorType(value).getShape(), batch, rows, terms, rowCount, shape.k);
  };
  auto lhs =
      side(op.getLhs(), op.getLhsBatch(), shape.lhsFree, op.getLhsContract(), shape.m, found.lhs);
  auto rhs =
      side(op.getRhs(), op.getRhsBatch(), shape.rhsFree, op.getRhsContract(), shape.n, found.rhs);
  if (!lhs || !rhs)
    return std::nullopt;
  product.lhs = *lhs;
  product.rhs = *rhs;
  return found;
}

} // namespace

void leaveProductsToLibrary(ProgramEmission &p) {
  if (p.libraryWork == 0)
    return;
  // What is in an outer block is known to the inner ones.
  p.f.plan.function->walk<mlir::WalkOrder::PreOrder>([&](mlir::Block *block) {
    auto plan = p.f.plan.blocks.find(block);
    if (plan == p.f.plan.blocks.end())
      return;
    std::vector<kernel::Step> &steps = plan->second.steps;
    for (size_t i = 0; i < steps.size(); ++i) {
      const kernel::Step &step = steps[i];
      auto op = mlir::dyn_cast<ir::DotOp>(step.roots.front());
      if (!op || step.isKernel || step.points || step.isWrittenOut)
        continue;
      std::optional<LibraryProduct> found = find(p, op);
      if (!found)
        continue;
      addWhatFollows(p, *block, i, *found);
      if (!llvm::is_contained(p.refusedProducts, found->product))
        p.libraryProducts[op] = *found;
    }
  });
}

bool emitLibraryDot(ProgramEmission &p, const kernel::Step &step) {
  auto found = p.libraryProducts.find(step.roots.front());
  if (found == p.libraryProducts.end())
    return false;
  const LibraryProduct &made = found->second;
  p.products.push_back(made.product);
  SmallVector<mlir::Value, 5> operands{made.lhs, made.rhs, made.result};
  for (mlir::Value each : {made.added, made.bias})
    if (each)
      operands.push_back(each);
  leaveForProduct(p, int64_t(p.products.size()) - 1, operands);
  return true;
}

} // namespace descent::gpu
