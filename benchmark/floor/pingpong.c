/*
 * The machine's floor: two native processes play ping-pong over a Unix socket pair, with no JSON, no
 * JavaScript and no event loop. `block` sleeps in recv, `spin` asks again until there is something.
 *
 *   pingpong block|spin <bytes> <milliseconds>
 *
 * Each has a core of its own where there are two: on one core a round trip is a context switch, not a
 * wake-up, and which of the two it is would be the scheduler's whim.
 *
 * Prints one line of JSON: rounds, p50Us, p99Us, cpuUsPerCall (both processes).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif
#define MAX_ROUNDS 4000000
#define MAX_BYTES 65536
#define WARM_UP_ROUNDS 2000

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static double cpu_us(int who) {
  struct rusage u;
  getrusage(who, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

/* Takes the n-th of the cores that this process may use; does nothing where there are not so many. */
static void pin_to_core(int n) {
#ifdef __linux__
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  for (int core = 0; core < CPU_SETSIZE; core++) {
    if (CPU_ISSET(core, &allowed) && n-- == 0) {
      CPU_ZERO(&one);
      CPU_SET(core, &one);
      sched_setaffinity(0, sizeof one, &one);
      return;
    }
  }
#else
  (void)n;
#endif
}

/* 0 when the other side has left. */
static int receive_all(int fd, char *buffer, size_t bytes, int flags) {
  size_t have = 0;
  while (have < bytes) {
    ssize_t n = recv(fd, buffer + have, bytes - have, flags);
    if (n > 0) {
      have += (size_t)n;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      return 0;
    }
  }
  return 1;
}

static void send_all(int fd, const char *buffer, size_t bytes) {
  while (bytes > 0) {
    ssize_t n = send(fd, buffer, bytes, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) exit(1);
    if (n > 0) {
      buffer += n;
      bytes -= (size_t)n;
    }
  }
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  int flags = strcmp(argv[1], "spin") == 0 ? MSG_DONTWAIT : 0;
  size_t bytes = (size_t)atol(argv[2]);
  double window_us = atof(argv[3]) * 1e3;
  static char buffer[MAX_BYTES];
  int fds[2];
  if (bytes == 0 || bytes > MAX_BYTES) return 2;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return 1;

  pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) {
    close(fds[0]);
    pin_to_core(1);
    while (receive_all(fds[1], buffer, bytes, flags)) send_all(fds[1], buffer, bytes);
    return 0;
  }
  close(fds[1]);
  pin_to_core(0);

  double *latencies = malloc(MAX_ROUNDS * sizeof(double));
  if (latencies == NULL) return 1;
  for (int i = 0; i < WARM_UP_ROUNDS; i++) {
    send_all(fds[0], buffer, bytes);
    if (!receive_all(fds[0], buffer, bytes, flags)) return 1;
  }
  size_t rounds = 0;
  double cpu_start = cpu_us(RUSAGE_SELF), start = now_us(), end = start;
  while (end - start < window_us && rounds < MAX_ROUNDS) {
    double sent = end;
    send_all(fds[0], buffer, bytes);
    if (!receive_all(fds[0], buffer, bytes, flags)) return 1;
    end = now_us();
    latencies[rounds++] = end - sent;
  }
  double cpu_own = cpu_us(RUSAGE_SELF) - cpu_start;
  close(fds[0]);
  waitpid(child, NULL, 0);
  /* The other process can only be asked once it has ended: its warm-up is in there, and is taken out pro rata. */
  double cpu_other = cpu_us(RUSAGE_CHILDREN) * rounds / (rounds + WARM_UP_ROUNDS);

  qsort(latencies, rounds, sizeof(double), compare);
  printf("{\"rounds\":%zu,\"p50Us\":%.3f,\"p99Us\":%.3f,\"cpuUsPerCall\":%.3f}\n", rounds,
         latencies[rounds / 2], latencies[(size_t)(rounds * 0.99)], (cpu_own + cpu_other) / rounds);
  return 0;
}
