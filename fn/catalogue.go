package fn

// text is a sentence in two languages.
type text struct{ en, ru string }

// codeText is a code in words and what a person does about it.
type codeText struct{ name, advice text }

// codes is the catalogue of answer codes (spec/fn.md 5).
var codes = map[Code]codeText{
	CodeFormat: {text{"wrong format of the command", "неверный формат команды"},
		text{"send whole tags with right lengths", "передавайте реквизиты целиком, с верной длиной"}},
	CodeState: {text{"the drive is in another state", "другое состояние ФН"},
		text{"look at phase and shift of the drive", "посмотрите фазу жизни ФН и состояние смены"}},
	CodeFailure: {text{"failure of the drive", "отказ ФН"},
		text{"take a new drive, or reset a debug one", "замените ФН, отладочный можно сбросить"}},
	CodeCrypto: {text{"crypto unit failure", "отказ криптографического сопроцессора"},
		text{"take a new drive", "замените ФН"}},
	CodeTermParameters: {text{"the parameters do not fit the term of the drive", "параметры не соответствуют сроку действия ФН"},
		text{"take a new drive or another use", "замените ФН или выберите другое применение"}},
	CodeArchiveFull: {text{"the archive is full", "архив ФН переполнен"},
		text{"close the drive and take a new one", "закройте ФН и замените его"}},
	CodeDateTime: {text{"wrong date or time", "некорректная дата или время"},
		text{"set the clock", "установите часы"}},
	CodeNoData: {text{"no such data", "нет запрошенных данных"},
		text{"ask for what the drive has", "запросите то, что есть в ФН"}},
	CodeValue: {text{"wrong value of a parameter", "некорректное значение параметров"},
		text{"correct the parameter", "исправьте параметр"}},
	CodeMode: {text{"not allowed in this mode", "команда не разрешена в этом режиме"},
		text{"change the registration", "измените параметры регистрации"}},
	CodeForbiddenTag: {text{"a tag that the drive forms itself", "передан реквизит, который формирует ФН"},
		text{"leave the tag out", "не передавайте этот реквизит"}},
	CodeDuplicateTag: {text{"a tag is sent twice", "реквизит передан повторно"},
		text{"send the tag once", "передавайте реквизит один раз"}},
	CodeMissingTag: {text{"data needed for accounting are missing", "нет данных, нужных для учёта"},
		text{"send the tag", "передайте недостающий реквизит"}},
	CodePositions: {text{"too many positions", "слишком много позиций"},
		text{"divide the receipt", "разделите чек"}},
	CodeTooLarge: {text{"data of the document are too large", "размер передаваемых данных превышен"},
		text{"send fewer items or shorter texts", "передавайте меньше позиций или короче тексты"}},
	CodeTransport: {text{"no connection to the OFD", "нет транспортного соединения с ОФД"},
		text{"connect first", "сначала установите соединение"}},
	CodeTermEnded: {text{"the term of the drive has ended", "исчерпан срок действия ключей ФН"},
		text{"close the drive and take a new one", "закройте ФН и замените его"}},
	CodeNoSpace: {text{"a resource of the drive is used up", "исчерпан ресурс ФН"},
		text{"deliver the documents to the OFD or take a new drive", "передайте документы в ОФД или замените ФН"}},
	CodeUnsent: {text{"the oldest unsent document is older than 30 days", "есть документы, не переданные в ОФД более 30 дней"},
		text{"deliver the documents to the OFD", "передайте документы в ОФД"}},
	CodeShiftTooLong: {text{"the shift is longer than 24 hours", "смена длится более 24 часов"},
		text{"close the shift and open another", "закройте смену и откройте новую"}},
	CodeTimer: {text{"the time differs from the drive's timer by more than 5 minutes", "время расходится с таймером ФН более чем на 5 минут"},
		text{"set the clock", "установите часы"}},
	CodeItemValue: {text{"wrong value of a tag", "неверное значение реквизита"},
		text{"correct the value", "исправьте значение"}},
	CodeContradiction: {text{"contradicts the registration", "данные противоречат регистрации"},
		text{"change the document or the registration", "измените документ или параметры регистрации"}},
	CodeTicket: {text{"the ticket cannot be accepted", "квитанция ОФД не принята"},
		text{"send the document again", "отправьте документ ещё раз"}},
	CodeKeyNegative: {text{"the key server refuses", "отрицательный ответ при обновлении ключей"},
		text{"ask the key server's support", "обратитесь в поддержку сервера ключей"}},
	CodeKeyUnknown: {text{"unknown answer of the key server", "неизвестный ответ при обновлении ключей"},
		text{"repeat the key update", "повторите обновление ключей"}},
	CodeKeyRepeat: {text{"the key update must be repeated", "требуется повтор обновления ключей"},
		text{"repeat the key update", "повторите обновление ключей"}},
	CodeMarking: {text{"work with marked goods is forbidden", "запрещена работа с маркированными товарами"},
		text{"register with bit 8 of tag 1290", "зарегистрируйте ККТ с битом 8 реквизита 1290"}},
	CodeMarkingOrder: {text{"wrong order of marking commands", "нарушен порядок команд работы с маркировкой"},
		text{"begin the check of the code again", "начните проверку кода сначала"}},
	CodeMarkingBlocked: {text{"marking is blocked for a time", "работа с маркировкой временно заблокирована"},
		text{"deliver the notifications", "передайте уведомления"}},
	CodeMarkingFull: {text{"the table of checked codes is full", "переполнена таблица проверенных кодов маркировки"},
		text{"make the receipt, or drop saved results", "оформите чек или сбросьте результаты проверок"}},
	CodeKeyOld: {text{"more than 90 days since the key update", "с обновления ключей прошло более 90 дней"},
		text{"update the keys", "обновите ключи"}},
	CodeMissingItems: {text{"items are missing in the block of data", "в блоке TLV нет нужных реквизитов"},
		text{"send all items of the block", "передайте все реквизиты блока"}},
	CodeNotChecked: {text{"a marking code was never checked", "код маркировки не проверялся"},
		text{"check the code first", "сначала проверьте код"}},
}

// problem is a reason why the drive refuses.
type problem uint8

// problemText is a problem in words. An empty hint is the advice of the code.
type problemText struct {
	code      Code
	why, hint text
}

// The problems; problems has their texts.
const (
	notRegistered problem = iota
	closedDrive
	inSetup
	failed
	shiftIsOpen
	shiftIsClosed
	shiftIsOld
	timeWentBack
	openingTooEarly
	dateTooEarly
	termIsOver
	termTooShort
	memoryIsFull
	numbersAreOver
	unsentIsOld
	versionTooHigh
	versionLowered
	encrypted
	noTaxSystem
	changeOfNothing
	registeredAlready
	replacesNothing
	registrationsOver
	unsentOffline
	serialDrive
	noReceipt
	wrongOperation
	totalTooLarge
	noPayment
	paymentsDiffer
	shiftTotalsOver
	otherTaxSystem
	otherForm
	exciseItem
	markedItem
	gamblingItem
	lotteryItem
	malformedData
	tooMuchData
	documentTooLong
	drivesTag
	repeatedTag
	wrongValue
	badContainer
	nothingWaits
	noExchange
	ticketRefused
	noDocument
	noTicket
	noRegistration
	noTag
	endOfData
)

var (
	newDrive   = text{"take a new drive", "замените ФН"}
	registerIt = text{"register the drive", "зарегистрируйте ККТ с этим ФН"}
	closeIt    = text{"close the shift", "закройте смену"}
	deliver    = text{"deliver the documents to the OFD", "передайте документы в ОФД"}
)

// problems is the catalogue of refusals. The arguments are the same in both
// languages.
var problems = [...]problemText{
	notRegistered:   {CodeState, text{"phase %v: the drive is not registered", "фаза «%v»: ФН не зарегистрирован"}, registerIt},
	closedDrive:     {CodeState, text{"phase %v: the drive is closed", "фаза «%v»: ФН закрыт"}, newDrive},
	inSetup:         {CodeState, text{"phase %v: the drive has not left the factory", "фаза «%v»: ФН не выпущен с завода"}, text{"reset the debug drive", "сбросьте отладочный ФН"}},
	failed:          {CodeFailure, text{"the drive has failed, only its archive can be read", "ФН отказал, доступно только чтение архива"}, text{}},
	shiftIsOpen:     {CodeState, text{"shift %d is open", "открыта смена %d"}, closeIt},
	shiftIsClosed:   {CodeState, text{"no shift is open", "смена не открыта"}, text{"open a shift", "откройте смену"}},
	shiftIsOld:      {CodeShiftTooLong, text{"shift %d was opened at %v, more than 24 hours ago", "смена %d открыта %v, более 24 часов назад"}, text{}},
	timeWentBack:    {CodeDateTime, text{"%v is before document %d of %v", "%v раньше документа %d от %v"}, text{"set the clock, or wait until it is later", "установите часы или дождитесь этого времени"}},
	openingTooEarly: {CodeDateTime, text{"a shift cannot open at %v, more than an hour before document %d of %v", "смену нельзя открыть в %v, более чем за час до документа %d от %v"}, text{}},
	dateTooEarly:    {CodeDateTime, text{"%v is before 2000", "%v раньше 2000 года"}, text{}},
	termIsOver:      {CodeTermEnded, text{"the term of %d days ended on %.10v", "срок в %d дней закончился %.10v"}, text{}},
	termTooShort:    {CodeTermParameters, text{"the term for this use, %d days, ended on %.10v", "срок для такого применения, %d дней, закончился %.10v"}, text{}},
	memoryIsFull:    {CodeNoSpace, text{"all %d documents are used", "использованы все %d документов"}, text{"close the shift and the drive, take a new one", "закройте смену и ФН, замените ФН"}},
	numbersAreOver:  {CodeNoSpace, text{"the three bytes of document numbers are used up at %d", "номера документов, три байта, исчерпаны на %d"}, text{"close the shift and the drive, take a new one", "закройте смену и ФН, замените ФН"}},
	unsentIsOld:     {CodeNoSpace, text{"document %d of %v is unsent for more than 30 days", "документ %d от %v не передан в ОФД более 30 дней"}, deliver},
	versionTooHigh:  {CodeMode, text{"FFD %v, the drive takes 1.05 to %v", "ФФД %v, ФН поддерживает от 1.05 до %v"}, text{"choose another version", "выберите другую версию"}},
	versionLowered:  {CodeMode, text{"FFD %v after %v: a drive's version is only raised", "ФФД %v после %v: версия в ФН только повышается"}, text{"keep the version or take a new drive", "оставьте версию или замените ФН"}},
	encrypted: {CodeMode, text{"encryption (1056 = 1) is not there: the cipher of the drives is secret", "шифрования (1056 = 1) нет: шифр ФН закрыт"},
		text{"register with 1056 = 0", "зарегистрируйте с 1056 = 0"}},
	noTaxSystem: {CodeValue, text{"taxation systems %02Xh in tag 1062", "системы налогообложения %02Xh в реквизите 1062"},
		text{"give at least one, of the bits 01h to 20h", "укажите хотя бы одну, биты с 01h по 20h"}},
	changeOfNothing:   {CodeState, text{"a change of registration in phase %v", "изменение регистрации в фазе «%v»"}, registerIt},
	registeredAlready: {CodeState, text{"the drive is registered already", "ФН уже зарегистрирован"}, text{"make a change and say why in tag 1205", "сделайте изменение регистрации и укажите причину, реквизит 1205"}},
	replacesNothing:   {CodeState, text{"the drive is registered already and replaces none", "ФН уже зарегистрирован и не заменяет другой"}, text{"leave out bit 0 of tag 1205", "уберите бит 0 реквизита 1205"}},
	registrationsOver: {CodeMode, text{"%d registration reports were made, a drive takes no more", "сделано отчётов о регистрации: %d, больше ФН не примет"}, newDrive},
	unsentOffline:     {CodeState, text{"autonomous mode while %d documents are unsent", "автономный режим при непереданных документах: %d"}, deliver},
	serialDrive:       {CodeMode, text{"only a debug drive can be wiped, its number begins with 9999", "сбросить можно только отладочный ФН, его номер начинается с 9999"}, newDrive},
	noReceipt:         {CodeFormat, text{"form %d is no receipt", "форма %d не чек"}, text{"use 3, 4, 31 or 41", "используйте 3, 4, 31 или 41"}},
	wrongOperation:    {CodeValue, text{"operation %d in tag 1054", "признак расчёта %d в реквизите 1054"}, text{"use 1 to 4", "используйте от 1 до 4"}},
	totalTooLarge:     {CodeValue, text{"%d kopecks in tag %d, at most %d", "копеек %d в реквизите %d, не больше %d"}, text{"divide the receipt", "разделите чек"}},
	noPayment:         {CodeMissingTag, text{"no payment", "нет сумм оплаты"}, text{"send 1031, 1081, 1215, 1216, 1217", "передайте 1031, 1081, 1215, 1216, 1217"}},
	paymentsDiffer:    {CodeValue, text{"the payments are %d kopecks, the total is %d", "сумма оплат %d коп., итог %d"}, text{"make them equal", "приведите суммы в соответствие"}},
	shiftTotalsOver:   {CodeValue, text{"the totals of shift %d go beyond %d kopecks", "счётчики смены %d превысят %d коп."}, closeIt},
	otherTaxSystem: {CodeContradiction, text{"taxation system %02Xh in tag 1055, registered are %02Xh", "система налогообложения %02Xh в реквизите 1055, зарегистрированы %02Xh"},
		text{"use one of the registered systems", "используйте одну из зарегистрированных систем"}},
	otherForm:       {CodeContradiction, text{"form %d of a register for БСО", "форма %d, ККТ зарегистрирована как АС БСО"}, text{"use forms 4 and 41", "используйте формы 4 и 41"}},
	exciseItem:      {CodeContradiction, text{"an excise item, the register is not registered for excise goods", "подакцизный товар, ККТ для них не зарегистрирована"}, text{}},
	markedItem:      {CodeContradiction, text{"a marked item, the register is not registered for marked goods", "маркированный товар, ККТ для них не зарегистрирована"}, text{}},
	gamblingItem:    {CodeContradiction, text{"an item of gambling, the register is not registered for it", "предмет расчёта азартных игр, ККТ для них не зарегистрирована"}, text{}},
	lotteryItem:     {CodeContradiction, text{"an item of a lottery, the register is not registered for it", "предмет расчёта лотереи, ККТ для неё не зарегистрирована"}, text{}},
	malformedData:   {CodeFormat, text{"data of form %d: %v", "данные документа формы %d: %v"}, text{}},
	tooMuchData:     {CodeTooLarge, text{"%d bytes for form %d, at most %d", "байт %d для формы %d, не больше %d"}, text{}},
	documentTooLong: {CodeTooLarge, text{"the document would have %d bytes, form %d takes %d", "документ занял бы байт %d, форма %d вмещает %d"}, text{}},
	drivesTag:       {CodeForbiddenTag, text{"tag %d", "реквизит %d"}, text{}},
	repeatedTag:     {CodeDuplicateTag, text{"tag %d", "реквизит %d"}, text{}},
	wrongValue:      {CodeItemValue, text{"tag %d at offset 0x%x: %X", "реквизит %d по смещению 0x%x: %X"}, text{}},
	badContainer:    {CodeFormat, text{"the document cannot be framed: %v", "документ не помещается в контейнер: %v"}, text{"give the drive a number of 16 digits", "номер ФН должен состоять из 16 цифр"}},
	nothingWaits:    {CodeState, text{"no document waits for a ticket", "нет документов, ожидающих квитанции"}, text{"drop the ticket", "не передавайте эту квитанцию"}},
	noExchange:      {CodeMode, text{"there is no exchange in the autonomous mode", "в автономном режиме обмена с ОФД нет"}, text{}},
	ticketRefused:   {CodeTicket, text{"%v", "%v"}, text{}},
	noDocument:      {CodeNoData, text{"there is no document %d, the last is %d", "нет документа %d, последний %d"}, text{}},
	noTicket:        {CodeNoData, text{"document %d has no ticket", "у документа %d нет квитанции"}, text{"deliver it to the OFD", "передайте его в ОФД"}},
	noRegistration:  {CodeNoData, text{"there is no registration report %d, %d were made", "нет отчёта о регистрации %d, сделано %d"}, text{}},
	noTag:           {CodeNoData, text{"document %d has no tag %d", "в документе %d нет реквизита %d"}, text{}},
	endOfData:       {CodeNoData, text{"document %d has no more tags", "в документе %d больше нет реквизитов"}, text{"ask for a document first", "сначала запросите документ"}},
}
