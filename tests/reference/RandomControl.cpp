// Random loops, branches, tapes and effects; and how a block grows.
#include "tests/reference/RandomBuilder.h"

using namespace mlir;

namespace descent::reference {

void RandomBuilder::grow(int operations) {
  for (int i = 0; i < operations; ++i) {
    if (depth < options.depth && chance(14)) {
      switch (below(insideVmap ? 3 : 5)) {
      case 0:
        forLoop();
        break;
      case 1:
        whileLoop();
        break;
      case 2:
        branch();
        break;
      case 3:
        if (options.vmap)
          vmap();
        break;
      default:
        if (options.tapes)
          tapeLoops();
        break;
      }
      continue;
    }
    if (options.effects && !insideVmap && chance(4)) {
      chance(50) ? effect() : check();
      continue;
    }
    using Family = Known (RandomBuilder::*)();
    static const std::vector<Family> families = {
        &RandomBuilder::arithmetic, &RandomBuilder::arithmetic,
        &RandomBuilder::arithmetic, &RandomBuilder::integerArithmetic,
        &RandomBuilder::function,   &RandomBuilder::function,
        &RandomBuilder::bits,       &RandomBuilder::comparison,
        &RandomBuilder::choice,     &RandomBuilder::conversion,
        &RandomBuilder::movement,   &RandomBuilder::movement,
        &RandomBuilder::box,        &RandomBuilder::box,
        &RandomBuilder::indexing,   &RandomBuilder::indexing,
        &RandomBuilder::reduction,  &RandomBuilder::reduction,
        &RandomBuilder::running,    &RandomBuilder::product};
    if (pool.empty())
      fresh(anyType(anyElement()));
    Known made = (this->*oneOf(families))();
    // Values that grew are drawn back, and large arrays are not kept.
    if (made.isFloat() && made.bound > 30)
      squashed(made);
    llvm::erase_if(pool, [](const Known &known) {
      return known.bound > 30 || known.type().getNumElements() > 200;
    });
  }
}

std::vector<Known> RandomBuilder::carriedInits() {
  std::vector<Known> inits;
  for (int64_t i = 1 + below(3); i > 0; --i) {
    Known init = pool.empty() ? fresh(anyType(anyElement())) : oneOf(pool);
    inits.push_back(init.isFloat() && init.bound > 2 ? squashed(init) : init);
  }
  return inits;
}

/// Fills a block and gives values to end it with: of the types of `like`, floats drawn back so that
/// they stay moderate from run to run.
std::vector<Value> RandomBuilder::growYields(ValueRange like, int operations) {
  ++depth;
  grow(operations);
  std::vector<Value> yields;
  for (Value value : like) {
    Known yielded = ofType(cast<RankedTensorType>(value.getType()));
    yields.push_back(yielded.isFloat() ? squashed(yielded).value : yielded.value);
  }
  --depth;
  return yields;
}

void RandomBuilder::forLoop() {
  Type index = chance(80) ? builder.getI32Type() : builder.getI64Type();
  Value lower = constant(scalar(index), double(below(3)) - 1).value;
  Value upper =
      chance(50) ? constant(scalar(index), double(below(4))).value : smallInteger(4, index).value;
  std::vector<Known> inits = carriedInits();
  SmallVector<Value> initValues;
  SmallVector<Type> types;
  for (const Known &init : inits) {
    initValues.push_back(init.value);
    types.push_back(init.value.getType());
  }
  auto loop = ir::ForOp::create(builder, loc, types, lower, upper, initValues);
  {
    OpBuilder::InsertionGuard guard(builder);
    auto outside = pool;
    Block *block = builder.createBlock(&loop.getBody());
    keep(block->addArgument(scalar(index), loc), 0, true);
    for (Type type : types)
      keep(block->addArgument(type, loc), 2, false);
    ir::YieldOp::create(builder, loc,
                        growYields(block->getArguments().drop_front(), options.operations / 3));
    pool = outside;
  }
  for (Value result : loop.getResults())
    keep(result, 2, false);
}

void RandomBuilder::whileLoop() {
  // The first carried value counts down to zero; a condition may end the loop sooner.
  Type index = builder.getI32Type();
  std::vector<Known> inits = carriedInits();
  SmallVector<Value> initValues{smallInteger(5, index).value};
  for (const Known &init : inits)
    initValues.push_back(init.value);
  SmallVector<Type> types(ValueRange(initValues).getTypes());
  auto loop = ir::WhileOp::create(builder, loc, types, initValues);
  {
    OpBuilder::InsertionGuard guard(builder);
    auto outside = pool;
    Block *condition = builder.createBlock(&loop.getCondition());
    for (Type type : types)
      keep(condition->addArgument(type, loc), 2, false);
    Value zero = constant(scalar(index), 0).value;
    Value goOn =
        ir::CompareOp::create(builder, loc, ir::Predicate::gt, condition->getArgument(0), zero);
    if (chance(40)) {
      ++depth;
      grow(2);
      --depth;
      Value also = ofType(scalar(builder.getI1Type())).value;
      goOn = ir::AndOp::create(builder, loc, goOn.getType(), goOn, also);
    }
    ir::YieldOp::create(builder, loc, goOn);
    pool = outside;

    Block *body = builder.createBlock(&loop.getBody());
    for (Type type : types)
      keep(body->addArgument(type, loc), 2, false);
    std::vector<Value> yields =
        growYields(body->getArguments().drop_front(), options.operations / 3);
    Value one = constant(scalar(index), 1).value;
    yields.insert(yields.begin(),
                  ir::SubOp::create(builder, loc, scalar(index), body->getArgument(0), one));
    ir::YieldOp::create(builder, loc, yields);
    pool = outside;
  }
  for (Value result : loop.getResults())
    keep(result, 2, false);
}

void RandomBuilder::branch() {
  Value condition = ofType(scalar(builder.getI1Type())).value;
  std::vector<Known> like = carriedInits();
  SmallVector<Value> likeValues;
  for (const Known &value : like)
    likeValues.push_back(value.value);
  auto made = ir::IfOp::create(builder, loc, ValueRange(likeValues).getTypes(), condition);
  for (Region *region : {&made.getThenRegion(), &made.getElseRegion()}) {
    OpBuilder::InsertionGuard guard(builder);
    auto outside = pool;
    builder.createBlock(region);
    ir::YieldOp::create(builder, loc,
                        growYields(likeValues, int(below(options.operations / 3 + 1))));
    pool = outside;
  }
  for (Value result : made.getResults())
    keep(result, 2, false);
}

void RandomBuilder::vmap() {
  int64_t size = below(4);
  SmallVector<Value> operands;
  SmallVector<Type> lanes;
  for (int64_t i = 1 + below(3); i > 0; --i) {
    auto lane = anyType(anyElement());
    SmallVector<int64_t> shape{size};
    llvm::append_range(shape, lane.getShape());
    if (shape.size() > 3)
      continue;
    operands.push_back(ofType(lane.clone(shape)).value);
    lanes.push_back(lane);
  }
  if (operands.empty())
    return;
  // The results' types follow from the body: it is built first, in a block of its own.
  OpBuilder::InsertPoint after = builder.saveInsertionPoint();
  auto outside = pool;
  bool wasInside = std::exchange(insideVmap, true);
  Region body;
  Block *block = builder.createBlock(&body);
  for (Type lane : lanes)
    keep(block->addArgument(lane, loc), 2, false);
  ++depth;
  grow(options.operations / 3);
  --depth;
  SmallVector<Value> yields;
  SmallVector<Type> results;
  for (const Known &value : someOf(2)) {
    SmallVector<int64_t> shape{size};
    llvm::append_range(shape, value.type().getShape());
    yields.push_back(value.value);
    results.push_back(value.type().clone(shape));
  }
  ir::YieldOp::create(builder, loc, yields);
  pool = outside;
  insideVmap = wasInside;
  builder.restoreInsertionPoint(after);
  auto made = ir::VmapOp::create(builder, loc, results, size, operands);
  made.getBody().takeBody(body);
  for (Value result : made.getResults())
    keep(result, 30, false);
}

// What the reverse of a loop does: one loop pushes, another pops.
void RandomBuilder::tapeLoops() {
  Type index = builder.getI32Type();
  Known first = pool.empty() ? fresh(anyType(builder.getF64Type())) : oneOf(pool);
  if (first.isFloat() && first.bound > 2)
    first = squashed(first);
  auto tape = ir::TapeType::get(builder.getContext(), first.type());
  Value zero = constant(scalar(index), 0).value, pushes = smallInteger(4, index).value;
  Value pops = chance(70) ? pushes : constant(scalar(index), double(below(4))).value;
  Value empty = ir::TapeCreateOp::create(builder, loc, tape);
  auto forth = ir::ForOp::create(builder, loc, TypeRange{first.value.getType(), tape}, zero, pushes,
                                 ValueRange{first.value, empty});
  auto outside = pool;
  {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&forth.getBody());
    keep(block->addArgument(scalar(index), loc), 0, true);
    Value carried = keep(block->addArgument(first.type(), loc), 2, false).value;
    Value top = block->addArgument(tape, loc);
    std::vector<Value> next = growYields(carried, options.operations / 4);
    next.push_back(ir::TapePushOp::create(builder, loc, tape, top, carried));
    ir::YieldOp::create(builder, loc, next);
    pool = outside;
  }
  keep(forth.getResult(0), 2, false);
  outside = pool;
  auto back = ir::ForOp::create(builder, loc, TypeRange{first.value.getType(), tape}, zero, pops,
                                ValueRange{forth.getResult(0), forth.getResult(1)});
  {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&back.getBody());
    keep(block->addArgument(scalar(index), loc), 0, true);
    Value carried = keep(block->addArgument(first.type(), loc), 2, false).value;
    auto pop = ir::TapePopOp::create(builder, loc, TypeRange{tape, first.type()},
                                     block->addArgument(tape, loc));
    keep(pop.getValue(), 2, false);
    std::vector<Value> next = growYields(carried, options.operations / 4);
    next.push_back(pop.getRest());
    ir::YieldOp::create(builder, loc, next);
    pool = outside;
  }
  keep(back.getResult(0), 2, false);
}

void RandomBuilder::effect() {
  SmallVector<Value> values;
  for (const Known &known : someOf(2))
    values.push_back(known.value);
  ir::EffectOp::create(builder, loc, 1 + below(3), values);
}

void RandomBuilder::check() {
  if (pool.empty())
    return;
  // Mostly one that holds: the first that fails ends the program.
  Known condition = pickElement(builder.getI1Type());
  Value holds = condition.value;
  if (chance(90)) {
    Value truth = constant(condition.type(), 1).value;
    holds = ir::OrOp::create(builder, loc, condition.type(), holds, truth);
  }
  ir::CheckOp::create(builder, loc, below(3), holds, ValueRange{oneOf(pool).value});
}

} // namespace descent::reference
