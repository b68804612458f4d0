// All of the dialect.
include "Elementwise.td"
include "Shape.td"
include "Reduce.td"
include "Control.td"
include "Transform.td"
include "Host.td"
