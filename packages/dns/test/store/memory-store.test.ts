import { memory } from '../../src/store/memory-store.ts';
import { zoneStoreContract } from './zone-store-contract.ts';

zoneStoreContract(memory);
