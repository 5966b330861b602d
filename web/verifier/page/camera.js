// The camera: it looks for codes until it is told to stop.

import { codesInFrame } from "./codes.js";

const pause = 100;

/** Why there is no picture: denied, none, busy or insecure. */
export function whyNoCamera(e) {
  if (!navigator.mediaDevices?.getUserMedia) return "insecure";
  return { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", OverconstrainedError: "none" }[e?.name] ?? "busy";
}

/** Begins; seen is told the codes of each picture, and says when it is enough. The promise ends with the camera. */
export async function look(video, seen, signal) {
  if (!navigator.mediaDevices?.getUserMedia) throw new Error("no camera");
  const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 960 } } });
  const end = () => stream.getTracks().forEach((track) => track.stop());
  try {
    video.srcObject = stream;
    await video.play();
    for (let enough = false; !enough && !signal.aborted && stream.active;) {
      if (video.videoWidth > 0 && !document.hidden) {
        const codes = await codesInFrame(video);
        if (codes.length > 0 && !signal.aborted) enough = await seen(codes);
      }
      if (!enough) await new Promise((resolve) => setTimeout(resolve, pause));
    }
  } finally {
    end();
    video.srcObject = null;
  }
}
