// Runs beside the page: averages the microphone down to 16 kHz and hands on 16-bit samples.
"use strict";

const WANTED = 16000;
const AT_ONCE = 1600; // samples: a tenth of a second

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.step = sampleRate / WANTED;
    this.sum = 0;
    this.count = 0;
    this.place = 0;
    this.samples = new Int16Array(AT_ONCE);
    this.filled = 0;
  }

  process([[channel]]) {
    if (!channel) return true;
    for (const value of channel) {
      this.sum += value;
      this.count += 1;
      this.place += 1;
      if (this.place >= this.step) {
        this.place -= this.step;
        this.add(this.sum / this.count);
        this.sum = this.count = 0;
      }
    }
    return true;
  }

  add(value) {
    this.samples[this.filled] = Math.max(-1, Math.min(1, value)) * 32767;
    this.filled += 1;
    if (this.filled === AT_ONCE) {
      this.port.postMessage(this.samples.slice().buffer);
      this.filled = 0;
    }
  }
}

registerProcessor("microphone", Microphone);
