/**
 * Every limit of the product, with its reason. Sizes are bytes of UTF-8, times milliseconds.
 * The server enforces them; the page reads them to warn before it sends.
 */
export const limits = {
  /** A name. Long enough for any real one, short enough for one line on a phone. */
  nameBytes: 64,
  /** A message's text. Several pages; a log file belongs elsewhere. */
  textBytes: 16_384,
  /** A client's id for a send. A UUID has 36; longer ones would bloat the index that keeps them for good. */
  clientIdBytes: 64,
  /** A room's name. As long as a person's. */
  roomBytes: 64,
  /** A room's topic. Fits under its name on a wide page. */
  topicBytes: 250,
  /** One emoji. The longest, a family or a flag of a region, has 35. */
  emojiBytes: 48,
  /** Kinds of emoji on one message. More could not be shown. */
  emojiPerMessage: 50,
  /** Reactions of one person to one message. */
  reactionsPerPerson: 20,
  /** Names that one text can mention. More is a broadcast. */
  mentions: 20,
  /** Rooms of one log. Each costs about 200 bytes in the list, and only the used ones hold a tail. */
  rooms: 10_000,
  /** Rooms that one person may make at once, and ten times as many all together: a script that moves a team in. */
  roomsBurst: 200,
  /** Rooms a minute that may be made in the long run: more than a day until none is left, for somebody to notice. */
  roomsPerMinute: 6,
  /** Edits of one message. Its deletion has to empty each, within one transaction. */
  editsPerMessage: 500,
  /** Rooms whose tails a ChatService keeps in memory though nobody reads them. */
  roomsIdle: 200,
  /** Rooms that one browser may follow, or one person be in, at a time. */
  roomsPerSession: 200,
  /** Rooms that one gRPC session may follow: a gateway follows those of all its browsers. */
  streamRooms: 10_000,
  /** One WebSocket message: the longest text with every byte escaped, and room to spare. */
  frameBytes: 131_072,
  /** One gRPC message from outside. A WebSocket message's text in UTF-8 and some more, so that none ends a gateway's session. */
  grpcMessageBytes: 524_288,
  /** Frames in one WebSocket message. A page sends a few; more only serves to hold the loop. */
  framesPerMessage: 64,
  /** Commands of one browser that wait for an answer. Past it they are refused, told to retry. */
  commandsInFlight: 256,
  /** Commands of one gRPC session that wait for an answer. Past it nothing more is read from the stream. */
  commandsPerSession: 4_096,
  /** And bytes of them, as they came. A gateway's are seldom longer than 1 KB. */
  commandsBytes: 4_194_304,
  /** And for each person on it: about what one commit stores, so that more would not make anything faster. */
  commandsPerPerson: 64,
  /** Sends that a gateway holds for all its browsers while ChatService is away. At 16 KB each, 160 MB. */
  sendsWaiting: 10_000,
  /** Commands a second of one browser, in the long run. Nobody types so fast; a program speaks gRPC. */
  commandsPerSecond: 100,
  /** Commands of one browser at once beyond that: an outbox that was filled while offline. */
  commandsBurst: 400,
  /** Commands a second of one person on a gRPC session, in the long run. */
  commandsPerSecondGrpc: 1_000,
  /** Commands of one person on a gRPC session at once beyond that. */
  commandsBurstGrpc: 1_000,
  /** After a command was refused for now, later ones of that person wait behind its repeat until none came for so long. */
  orderHoldMs: 1_000,
  /** And for so long at most: some 16 long texts over a slow line, and for one who gives up, no longer. */
  orderHoldMostMs: 10_000,
  /** Refusals for speed, after which the sender is sent away (FLOOD). Who slows down is forgiven. */
  floodRefusals: 2_000,
  /** How long one who was sent away for speed is asked to stay away. */
  floodDelayMs: 10_000,
  /** Commands that wait in one room to be stored. At 5,000 a second this is two seconds of delay. */
  commandsQueued: 10_000,
  /** A message is held back at most so long for those that come right behind it and are stored with it: they wait for half of it as a rule. Nobody waits where fewer than 140 come a second. */
  commitDelayMs: 8,
  /** Bytes of text in one append, a character counted as 3: as JSON at most twice as much, and NATS takes 1 MB. */
  appendBytes: 480_000,
  /** Events in one batch or page: bounds the time that one reader holds the loop. */
  batchEvents: 500,
  /** Bytes of text in one page, or in one batch to those who have everything; a character counted as 3. */
  batchBytes: 1_048_576,
  /** And in one batch to a gRPC reader, or to who catches up. Who takes nothing holds one beside their buffer: of plain text 44 KB, three times. */
  followBytes: 131_072,
  /** Events of a room kept in memory: a reader this far behind costs no read from the disk. */
  tailEvents: 2_000,
  /** Bytes of text of a room kept in memory. */
  tailBytes: 4_194_304,
  /** The tutorial's replay, and what a page shows first. */
  replayDefault: 100,
  /** The longest replay that can be asked for by count. */
  replayMost: 10_000,
  /** Bytes that may wait in one socket's send buffer before its cursor pauses. */
  socketBufferBytes: 262_144,
  /** Bytes that may be under way to one gRPC stream before its cursor pauses. */
  streamBufferBytes: 131_072,
  /** A reader that has taken nothing for so long is told TOO_SLOW and may resume. A gRPC call whose end is not taken, either, is cut. */
  slowReaderMs: 30_000,
  /** Each side says something at least this often. */
  heartbeatMs: 10_000,
  /** A side that was silent for so long is taken for dead. Two heartbeats may be late. */
  silenceMs: 25_000,
  /** "Is writing" is shown for so long after the last sign of it. */
  typingMs: 6_000,
  /** Names in one "is writing". More would be noise. */
  typingNames: 5,
  /** Who is here and who writes is told at most this often in a small room. */
  rosterMs: 500,
  /** And this often in a room of more people than its roster names. */
  rosterLargeMs: 5_000,
  /** Names that a roster gives. A larger room gives a count, and pages of names when asked. */
  rosterNames: 50,
  /** A node or gateway that has not renewed who is there for so long is taken for dead. */
  presenceMs: 25_000,
  /** A guest who was not seen for so long has left, and the name is free. A reload or a lost network is shorter. */
  guestAwayMs: 120_000,
  /** After a restart new guests wait for so long: gateways are back within a second, and bring those who were here. */
  namesSettleMs: 2_000,
  /** Sign-ins a second, in the long run: with `guestAwayMs` less than a third of `guests`. */
  signInsPerSecond: 200,
  /** Sign-ins at once beyond that: a hall of people who come together. */
  signInsBurst: 6_000,
  /** Guests whose names are kept at a time. */
  guests: 100_000,
  /** A guest's token is good for 30 days. */
  tokenMs: 2_592_000_000,
  /** Readers that catch up from the disk at a time; the others wait for their turn. */
  catchingUp: 32,
  /** Older events that a gateway keeps for those who come back later than its tail reaches. */
  pagesBytes: 33_554_432,
  /** A room that nobody reads is followed by a gateway for so long, for those who come back. */
  roomIdleMs: 60_000,
  /** Somebody whose socket is gone is kept by a gateway for so long, known to ChatService: who comes back need not wait for it. */
  personIdleMs: 60_000,
  /** People that a gateway keeps so. Past it, who goes is gone. */
  peopleIdle: 5_000,
  /** Connections to one ChatService. A quiet one costs some 40 KB: 400 MB. */
  connections: 10_000,
  /** Streams on one gRPC connection. grpc-js would stop at 100 and let the 101st wait without a word. */
  streamsPerConnection: 5_000,
  /** Sessions of one ChatService: with its readers at some 34 KB each, 400 MB. One that takes nothing holds 0.4 MB of plain text more, for 30 s. */
  sessions: 4_000,
  /** Streams of `StreamMessages` with a token, and … */
  readers: 4_000,
  /** … without one, so that those who come without can take no other's place. */
  readersUnknown: 4_000,
  /** Streams of balancers that watch the health, and of tools that ask for the contract. */
  watchers: 200,
  /** Sockets of one gateway, below the usual limit of open files. Deno exits when that is hit. */
  sockets: 10_000,
  /** A WebSocket that was not opened for so long will not be, nor is the request of a gRPC call waited for any longer. */
  openingMs: 10_000,
  /** Requests of gRPC calls that are not whole yet, all together, with 16 KB for each call. Past it the oldest are ended. */
  openingBytes: 67_108_864,
  /** People that one session may open: a gateway's browsers. */
  peoplePerSession: 20_000,
  /** Browsers told to come back are spread over so long, so that they do not come all at once. */
  returnSpreadMs: 3_000,
  /** The same for gRPC sessions: a gateway comes back for all its browsers, so sooner. */
  sessionReturnMs: 500,
  /** A shutdown takes at most so long, then everything is cut. */
  drainMs: 10_000,
  /** A ChatService that starts ends when nothing has come of the stream for so long: a cluster chooses a leader in 10 s. While something comes it may take hours. */
  catchUpSilenceMs: 60_000,

  // Of a gateway alone.

  /** Sockets of one guest on a gateway. A page has one; lost ones count until they were silent for `silenceMs`. */
  socketsPerGuest: 20,
  /** The same with those that we closed and the peer did not: a lost peer may hold its file for 15 minutes. */
  socketsPerGuestInAll: 100,
  /** The share of a gateway's places for the tutorial's door, where nobody proves who they are: it can never take all. */
  socketsAnonymousShare: 0.5,
  /** Sign-ins and sign-outs a second of one address on a gateway (of IPv6 a /64), in the long run: half of all, so that one client cannot use them up, and no less, because those behind one router or proxy have one address. Loopback is not counted: it is a proxy on this machine, behind which all come. */
  signInsPerSecondAddress: 100,
  /** Sign-ins and sign-outs of one address at once beyond that: half of `signInsBurst`. */
  signInsBurstAddress: 3_000,
  /** Addresses whose sign-ins a gateway counts at a time. The one that was not seen for longest is forgotten first. */
  signInAddresses: 10_000,
  /** The body of a sign-in: the longest name with every byte escaped, and room to spare. */
  signInBodyBytes: 1_024,
  /** Somebody who comes while ChatService is away waits so long before they are told. A restart takes about that. */
  patienceMs: 2_000,
  /** A long message costs as many commands as it has parts of this size: parsing it is most of the work. */
  bytesPerCommand: 4_096,
  /** A reader further behind than this catches up: `catchingUp` of them at a time, or each would fill its buffer at once. */
  liveEvents: 100,
  /** A reader that catches up, and is slow, gives its place to the next after so long. */
  settleMs: 250,
  /** Bytes of text in the tails of all rooms of a process together: 64 full ones. Each room has its share. */
  tailsBytes: 268_435_456,
} as const;
