// A driver of long ago: it has little of what is needed.

extern "C" __attribute__((visibility("default"))) int cuInit(unsigned) {
  return 0;
}
extern "C" __attribute__((visibility("default"))) int cuDriverGetVersion(int *version) {
  *version = 8000;
  return 0;
}
