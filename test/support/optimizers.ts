// Optimizers with every option that affects steps, and the size of their heads in linear memory.

import { HYPERPARAMETER_COUNT, OptimizerStruct, SHARED_COUNT, VECTOR_COUNT } from "../../src/abi/structs.js";
import {
  adadelta,
  adagrad,
  adam,
  adamW,
  nadam,
  type Optimizer,
  rmsprop,
  rprop,
  sgd,
} from "../../src/index.js";

export const OPTIMIZERS: Readonly<Record<string, Optimizer>> = {
  sgd: sgd({ learningRate: 0.1 }),
  "sgd with weight decay": sgd({ learningRate: 0.1, weightDecay: 0.1 }),
  "sgd with momentum": sgd({ learningRate: 0.1, momentum: 0.9, dampening: 0.3 }),
  "sgd with Nesterov's momentum and weight decay": sgd({
    learningRate: 0.1,
    momentum: 0.9,
    nesterov: true,
    weightDecay: 0.1,
  }),
  rmsprop: rmsprop(),
  "centered rmsprop": rmsprop({ centered: true, alpha: 0.3 }),
  "rmsprop with momentum": rmsprop({ momentum: 0.9 }),
  "centered rmsprop with momentum and weight decay": rmsprop({
    centered: true,
    momentum: 0.9,
    weightDecay: 0.1,
  }),
  adagrad: adagrad(),
  "adagrad with every option": adagrad({
    learningRate: 0.1,
    learningRateDecay: 0.1,
    initialAccumulator: 0.1,
    weightDecay: 0.1,
  }),
  adadelta: adadelta(),
  "adadelta with weight decay": adadelta({ learningRate: 10, rho: 0.5, weightDecay: 0.1 }),
  adam: adam(),
  "adam with amsgrad and weight decay": adam({
    learningRate: 0.1,
    beta1: 0.3,
    beta2: 0.5,
    amsgrad: true,
    weightDecay: 0.1,
  }),
  adamW: adamW(),
  "adamW with amsgrad": adamW({ learningRate: 0.1, amsgrad: true, weightDecay: 0.5 }),
  nadam: nadam(),
  "nadam with weight decay": nadam({ learningRate: 0.1, beta1: 0.3, momentumDecay: 0.1, weightDecay: 0.1 }),
  "nadam with decoupled weight decay": nadam({
    learningRate: 0.1,
    decoupledWeightDecay: true,
    weightDecay: 0.5,
  }),
  rprop: rprop(),
  "sgd with clipped values": sgd({ learningRate: 0.1, clipValue: 0.4 }),
  "sgd with a clipped norm": sgd({ learningRate: 0.1, clipNorm: 0.7 }),
  "adam with clipped values, a clipped norm and weight decay": adam({
    learningRate: 0.1,
    clipValue: 0.3,
    clipNorm: 0.5,
    weightDecay: 0.1,
  }),
  "adamW with a clipped norm": adamW({ learningRate: 0.1, clipNorm: 0.5 }),
  "rprop with clipped values": rprop({ clipValue: 0.3 }),
  "sgd with an average": sgd({ learningRate: 0.1, ema: 0.5 }),
  "adam with an average and a clipped norm": adam({ learningRate: 0.1, ema: 0.9, clipNorm: 0.5 }),
};

/** The bytes of an optimizer's region before its state. */
export function optimizerHeadSize(): number {
  const numbers = OptimizerStruct.size + 8 * (HYPERPARAMETER_COUNT + SHARED_COUNT);
  return Math.ceil((Math.ceil(numbers / 16) + VECTOR_COUNT) / 4) * 64;
}
