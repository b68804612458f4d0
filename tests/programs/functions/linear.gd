# Products of arrays.

print [1, 2] @ [3, 4]
print [[1, 2], [3, 4]] @ [5, 6]
print [5, 6] @ [[1, 2], [3, 4]]
print [[1.5, 2.0]] @ [[2.0], [1.0]]
print [1, 2] @ [0.5, 0.25]
print [true, true] @ [1, 0]
print zeros((2, 0)) @ zeros((0, 3))
let a = reshape(arange(24.0), (2, 3, 4))
let b = reshape(arange(8.0), (2, 4, 1)) - 3.0
let m = reshape(arange(6.0), (2, 3))
let t = reshape(arange(12.0), (2, 3, 2))
print a @ b
print a @ [1.0, 0.0, -1.0, 2.0]
print m @ t
print [1.0, 2.0, 3.0] @ t
print (a @ b[0]).shape
print (zeros((5, 1, 2, 3)) @ zeros((4, 3, 6))).shape
print matmul(m, m.T)
print dot(m, [1.0, 2.0, 3.0])
print dot(2.0, m)
print dot(a, b).shape
print dot(a, b)[1, 2]
print outer([1, 2], [3, 4, 5])
print trace([[1, 2], [3, 4]])
print trace(m, offset=1)
print trace(t)
print trace(a, axis1=1, axis2=2)
print einsum("ij,jk->ik", m, t[0])
print einsum("ij->ji", m)
print einsum("ji", m)
print einsum("ij->", m)
print einsum("ij->j", m)
print einsum("ii", m @ m.T)
print einsum("ii->i", m @ m.T)
print einsum("i,j->ij", [1.0, 2.0], [3.0, 4.0])
print einsum("i,i->i", [1, 2], [3, 4])
print einsum("i,i", [1, 2], [3, 4])
print einsum("bij,bjk->bik", a, b)
print einsum("bij,bjk->kb", a, b)
print einsum("ij,bjk,bk->bi", m, t, [[1.0, 2.0], [0.5, -1.0]])
print einsum("i,ij,j", [1.0, 2.0], m, [1.0, 0.0, 1.0])
print einsum("iji->j", reshape(arange(12), (2, 3, 2)))
print einsum(",i->i", 2, [1, 2])
print einsum("ij,kl->", m, m)
print grad(v -> einsum("i,ij,j", v, [[1.0, 2.0], [3.0, 4.0]], v))([1.0, 2.0])
