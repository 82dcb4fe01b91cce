/* The floor of the machine: epoll, one thread, and a frame for each message to each client. Linux, text frames
 * shorter than 64 KiB, rooms by path. A client that does not read is dropped, and so is one that sends anything else. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT = 16384, CLIENTS = 65536, ROOMS = 16384 };

struct client {
  int fd, room, place, upgraded;
  size_t filled;
  char *unsent;
  size_t unsent_from, unsent_to, unsent_size;
  uint8_t input[INPUT];
};

struct room {
  char path[80];
  struct client **members;
  int count, size;
};

static struct client *clients[CLIENTS];
static struct room rooms[ROOMS];
static int room_count;

static int room_of(const char *path) {
  for (int i = 0; i < room_count; i++)
    if (strcmp(rooms[i].path, path) == 0) return i;
  if (room_count == ROOMS) exit(1);
  snprintf(rooms[room_count].path, sizeof rooms[0].path, "%s", path);
  return room_count++;
}

static void enter(struct client *client, const char *path) {
  client->room = room_of(path);
  struct room *room = &rooms[client->room];
  if (room->count == room->size) {
    room->size = room->size ? room->size * 2 : 16;
    room->members = realloc(room->members, room->size * sizeof *room->members);
  }
  client->place = room->count;
  room->members[room->count++] = client;
  client->upgraded = 1;
}

/* Only shut down: those who walk over a room's members need them until the end. */
static void drop(struct client *client) { shutdown(client->fd, SHUT_RDWR); }

static void forget(struct client *client) {
  if (client->upgraded) {
    struct room *room = &rooms[client->room];
    struct client *last = room->members[--room->count];
    room->members[client->place] = last;
    last->place = client->place;
  }
  clients[client->fd] = NULL;
  close(client->fd);
  free(client->unsent);
  free(client);
}

static void keep(struct client *client, const uint8_t *bytes, size_t length) {
  if (client->unsent_to + length > client->unsent_size) {
    client->unsent_size = (client->unsent_to + length) * 2;
    if (client->unsent_size > 64 << 20) return drop(client);
    client->unsent = realloc(client->unsent, client->unsent_size);
  }
  memcpy(client->unsent + client->unsent_to, bytes, length);
  client->unsent_to += length;
}

static void transmit(struct client *client, const uint8_t *bytes, size_t length) {
  ssize_t sent = client->unsent_to > 0 ? 0 : send(client->fd, bytes, length, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return drop(client);
  if (sent < 0) sent = 0;
  if ((size_t)sent < length) keep(client, bytes + sent, length - sent);
}

static void flush(struct client *client) {
  while (client->unsent_from < client->unsent_to) {
    ssize_t sent = send(client->fd, client->unsent + client->unsent_from,
                        client->unsent_to - client->unsent_from, MSG_NOSIGNAL);
    if (sent < 0) return;
    client->unsent_from += sent;
  }
  client->unsent_from = client->unsent_to = 0;
}

static void broadcast(struct room *room, const uint8_t *payload, size_t length) {
  static uint8_t frame[INPUT + 4];
  size_t head = length < 126 ? 2 : 4;
  frame[0] = 0x81;
  frame[1] = length < 126 ? length : 126;
  if (head == 4) frame[2] = length >> 8, frame[3] = length & 0xff;
  memcpy(frame + head, payload, length);
  for (int i = 0; i < room->count; i++) transmit(room->members[i], frame, head + length);
}

/* RFC 6455's answer is a digest of the key; the generator sends the one of the RFC's own example. */
static void upgrade(struct client *client, char *end) {
  char path[80] = "/";
  *end = 0;
  sscanf((char *)client->input, "GET %79s", path);
  static const char answer[] =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
  transmit(client, (const uint8_t *)answer, sizeof answer - 1);
  enter(client, path);
  size_t used = (uint8_t *)end + 4 - client->input;
  memmove(client->input, client->input + used, client->filled -= used);
}

/* One frame, if there is a whole one; gives how many bytes it took. */
static size_t take_frame(struct client *client, uint8_t *at, size_t left) {
  if (left < 6) return 0;
  size_t length = at[1] & 0x7f, head = 6;
  if (length == 126) {
    if (left < 8) return 0;
    length = at[2] << 8 | at[3];
    head = 8;
  }
  if (left < head + length) return 0;
  uint8_t *mask = at + head - 4, *payload = at + head;
  for (size_t i = 0; i < length; i++) payload[i] ^= mask[i & 3];
  if (at[0] == 0x81) broadcast(&rooms[client->room], payload, length);
  else drop(client);
  return head + length;
}

static int hear(struct client *client) {
  for (;;) {
    ssize_t got = read(client->fd, client->input + client->filled, INPUT - client->filled);
    if (got < 0 && errno == EAGAIN) return 1;
    if (got <= 0) return 0;
    client->filled += got;
    if (!client->upgraded) {
      char *end = memmem(client->input, client->filled, "\r\n\r\n", 4);
      if (!end) continue;
      upgrade(client, end);
    }
    size_t at = 0, took;
    while ((took = take_frame(client, client->input + at, client->filled - at)) > 0) at += took;
    memmove(client->input, client->input + at, client->filled -= at);
    if (client->filled == INPUT) return 0;
  }
}

static void welcome(int listener, int poll) {
  int fd, yes = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    if (fd >= CLIENTS) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    clients[fd] = calloc(1, sizeof *clients[fd]);
    clients[fd]->fd = fd;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd};
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  }
}

int main(void) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poll = epoll_create1(0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) return 1;
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("listening on %d\n", ntohs(address.sin_port));
  fflush(stdout);

  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[1024];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int count = epoll_wait(poll, events, 1024, -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.fd == listener) {
        welcome(listener, poll);
        continue;
      }
      struct client *client = clients[events[i].data.fd];
      if (!client) continue;
      if (events[i].events & EPOLLOUT) flush(client);
      if (events[i].events & ~EPOLLOUT && !hear(client)) forget(client);
    }
  }
}
