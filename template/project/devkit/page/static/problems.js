// Everything that can go wrong, said once: what happened, why, and what to do. Raw errors are never shown: they may hold a token.
const again = "Try again";

export const PROBLEMS = {
  micRefused: ["The microphone is blocked.", "The browser refused it. Allow the microphone in the address bar, then try again, or go on by typing.", again],
  micAbsent: ["No microphone was found.", "Plug one in and try again, or go on by typing.", again],
  micBusy: ["The microphone cannot be opened.", "Another program may hold it. Close that program and try again, or go on by typing.", again],
  micSilent: ["We hear nothing from your microphone.", "Check that it is the right one and that it is not muted."],
  micLost: ["The microphone went away.", "It was unplugged or taken. Plug it in and call again, or go on by typing."],
  token: ["The local service does not answer.", "“make talk” seems to have ended. Start it again in the terminal, then try again.", again],
  server: ["The LiveKit server cannot be reached.", "Nothing answered within 20 seconds or the connection was refused. See build/talk/livekit-server.log.", again],
  refused: ["The LiveKit server refused the call.", "The token is not valid there. Start “make talk” again, and check the clock of this machine.", again],
  noAgent: ["The agent did not join.", "No worker took the call within 10 seconds. See build/talk/worker.log.", again],
  notReady: ["The agent joined but never got ready.", "Its session did not start. See build/talk/worker.log.", again],
  agentLeft: ["The agent left the call.", "Its process ended. See build/talk/worker.log.", again],
  agentLost: ["The agent cannot be reached right now.", "Waiting for its connection to come back."],
  lost: ["The connection was lost.", "The server ended or the network went away. See build/talk/livekit-server.log.", again],
  maintenance: ["The server is shutting down.", "Start “make talk” again, then try again.", again],
  elsewhere: ["This call went on in another window.", "Close one of them.", again],
  sound: ["The browser holds back the sound.", "It wants to be asked once.", "Play sound"],
  unsent: ["Your text was not sent.", "The connection has a hiccup. Send it again."],
};

const MIC = { NotAllowedError: "micRefused", SecurityError: "micRefused", NotFoundError: "micAbsent", OverconstrainedError: "micAbsent" };

export const microphoneProblem = (error) => MIC[error?.name] ?? "micBusy";

// 401 and 403 mean the token; livekit-client leaves the reason's name off, so the numbers decide.
export const connectProblem = (error) => (error?.status === 401 || error?.status === 403 || error?.reason === 0 ? "refused" : "server");
