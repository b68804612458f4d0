# The cost of k centroids, and Newton's direction for them.
precision f64

fn cost(points, centroids) = {
  let difference = points[:, newaxis, :] - centroids[newaxis, :, :]
  sum(min(sum(difference^2, axis=2), axis=1))
}

# The Hessian is diagonal: the derivative of the gradient along ones (forward over reverse) is all of it.
fn dir(points, centroids) = {
  let (gradient, diagonal) = jvp(grad(c -> cost(points, c)), centroids, ones_like(centroids))
  gradient / diagonal
}
