/**
 * How a worker is set up (spec CAT §1): the folders of each mode, who holds them, how far it has got, and what a
 * supervisor is told. Start at {@link openSetup}.
 */
export { chooseMode } from "./choose-mode.ts";
export {
  type FirstRunFacts,
  type FirstRunState,
  firstRunState,
  nextStep,
} from "./first-run.ts";
export { type Account, adminGroup, type Mode, type ModePlaces, placesOf, thisAccount } from "./places.ts";
export { reset, type ResetOptions, type StepDone } from "./reset.ts";
export { type ResetStep, resetStepNames, resetSteps } from "./reset-steps.ts";
export { asRoot, becomeServiceAccount, type ServiceAccount, serviceAccount } from "./service-account.ts";
export { openSetup, type Setup, type SetupOptions } from "./setup.ts";
export { type Holder, lockState, stateHolder } from "./state-lock.ts";
export { type SystemdUnit, systemdUnit } from "./systemd-unit.ts";
