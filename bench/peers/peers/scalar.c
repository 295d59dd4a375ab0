// A program for XOR with fixed sizes, whose time is a lower bound for libraries. The network is 2-2-1 with sigmoids. An
// epoch is one batch of four rows: forward pass, mean squared error, backward pass, update. REAL is double and EXP is exp,
// or REAL is float and EXP is expf. The arguments are the learning rate and the parameters. The protocol is that of
// worker.js, without the task.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "GCC " __VERSION__
#endif

enum { ROWS = 4, INPUTS = 2, HIDDEN = 2, PARAMETERS = 9 };

typedef struct {
  REAL w1[INPUTS][HIDDEN], b1[HIDDEN], w2[HIDDEN], b2;
} Network;

static const REAL x[ROWS][INPUTS] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
static const REAL t[ROWS] = {0, 1, 1, 0};

static REAL sigmoid(REAL z) { return 1 / (1 + EXP(-z)); }

static REAL epoch(Network *n, REAL learning_rate) {
  Network d = {0};
  REAL loss = 0;
  for (int row = 0; row < ROWS; row++) {
    REAL h[HIDDEN];
    REAL z = n->b2;
    for (int j = 0; j < HIDDEN; j++) {
      h[j] = sigmoid(x[row][0] * n->w1[0][j] + x[row][1] * n->w1[1][j] + n->b1[j]);
      z += h[j] * n->w2[j];
    }
    REAL a = sigmoid(z);
    REAL error = a - t[row];
    loss += error * error;
    REAL dz = 2 * error / ROWS * a * (1 - a);
    d.b2 += dz;
    for (int j = 0; j < HIDDEN; j++) {
      REAL dh = dz * n->w2[j] * h[j] * (1 - h[j]);
      d.w2[j] += dz * h[j];
      d.b1[j] += dh;
      for (int i = 0; i < INPUTS; i++) d.w1[i][j] += x[row][i] * dh;
    }
  }
  for (int j = 0; j < HIDDEN; j++) {
    for (int i = 0; i < INPUTS; i++) n->w1[i][j] -= learning_rate * d.w1[i][j];
    n->b1[j] -= learning_rate * d.b1[j];
    n->w2[j] -= learning_rate * d.w2[j];
  }
  n->b2 -= learning_rate * d.b2;
  return loss / ROWS;
}

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e3 * now.tv_sec + 1e-6 * now.tv_nsec;
}

static Network read_network(char **values) {
  Network n;
  for (int i = 0; i < INPUTS; i++)
    for (int j = 0; j < HIDDEN; j++) n.w1[i][j] = atof(*values++);
  for (int j = 0; j < HIDDEN; j++) n.b1[j] = atof(*values++);
  for (int j = 0; j < HIDDEN; j++) n.w2[j] = atof(*values++);
  n.b2 = atof(*values);
  return n;
}

int main(int count, char **arguments) {
  if (count != 2 + PARAMETERS) return 2;
  REAL learning_rate = atof(arguments[1]);
  Network network = read_network(arguments + 2);
  printf("{\"version\":\"%s\",\"isSame\":true}\n", COMPILER);
  fflush(stdout);
  for (long epochs; scanf("%ld", &epochs) == 1;) {
    REAL loss = 0;
    double begun = milliseconds();
    for (long i = 0; i < epochs; i++) loss = epoch(&network, learning_rate);
    printf("{\"milliseconds\":%.6f,\"outputs\":[%.17g]}\n", milliseconds() - begun, (double)loss);
    fflush(stdout);
  }
}
