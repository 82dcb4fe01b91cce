// Original file: chat.proto


export interface Heartbeat {
}

export interface Heartbeat__Output {
}
