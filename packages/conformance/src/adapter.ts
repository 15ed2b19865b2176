export { adapterCases } from './lib/adapter/adapter-cases.js'
export { listen } from './lib/adapter/listen.js'
export type {
  AdapterCase,
  AdapterMount,
  AdapterServer,
  AdapterSuiteOptions,
  AppReply,
  AppRequest,
  AppSession,
  StandardApp,
} from './lib/adapter/suite.js'
